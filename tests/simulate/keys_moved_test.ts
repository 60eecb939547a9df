import { assert, assertEquals, assertLess } from "@std/assert";
import { ALGORITHMS } from "../../lib/balancer/registry.ts";
import { keysMoved } from "../../lib/simulate/keys_moved.ts";
import { specsOf } from "../support/simulation.ts";

const OPTIONS = { backends: specsOf([1, 1, 2, 1, 1, 1, 1, 1, 1, 1]), keys: 2000, seed: 1 };

for (const [algorithm, { basis }] of Object.entries(ALGORITHMS)) {
  const goesByKey = basis === "key" || basis === "network";
  Deno.test(`keysMoved() of ${algorithm} ${goesByKey ? "is a share" : "is undefined"}`, () => {
    const moved = keysMoved({ ...OPTIONS, algorithm });

    if (!goesByKey) return assertEquals(moved, undefined);
    assert(moved !== undefined && moved >= 0);
    // Even a plain modulo keeps one in ten.
    assertLess(moved, 0.95);
  });
}

Deno.test("keysMoved() tells algorithms apart that move no key without need from those that do", () => {
  const moved = (algorithm: string) => keysMoved({ ...OPTIONS, algorithm }) ?? NaN;

  assertEquals([moved("consistent_hash"), moved("rendezvous")], [0, 0]);
  assert(moved("maglev") > 0, "A table that is built anew moves some");
  assertLess(moved("maglev"), 0.02);
  assert(moved("ip_hash") > 0.5, "A modulo moves nearly all");
});

Deno.test("keysMoved() is undefined when there is only one backend to go by", () => {
  for (const algorithm of Object.keys(ALGORITHMS)) {
    const backends = specsOf([1, 0]);
    assertEquals(keysMoved({ ...OPTIONS, backends, algorithm }), undefined);
  }
});
