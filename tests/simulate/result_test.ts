import { assertEquals, assertNotEquals } from "@std/assert";
import { ALGORITHMS } from "../../lib/balancer/registry.ts";
import { createArrivals } from "../../lib/simulate/plan.ts";
import { runAlgorithm } from "../../lib/simulate/result.ts";
import { planOf, resultOf, specsOf } from "../support/simulation.ts";

for (const algorithm of Object.keys(ALGORITHMS)) {
  Deno.test(`runAlgorithm() of ${algorithm} repeats with the seed and differs with another`, () => {
    const options = { fault: ["crash:0@20%-50%", "slow:1:3x"], requests: 3000 };

    const first = resultOf(algorithm, options);

    assertEquals(resultOf(algorithm, options), first);
    assertNotEquals(resultOf(algorithm, { ...options, seed: 2 }), first);
  });

  Deno.test(`runAlgorithm() of ${algorithm} accounts for every request`, () => {
    const result = resultOf(algorithm, { fault: ["deploy", "fail-fast:3"], requests: 5000 });

    assertEquals(result.requests, 5000);
    const { total, ...kinds } = result.errors;
    assertEquals(Object.values(kinds).reduce((sum, count) => sum + count, 0), total);
    assertEquals(result.courseP99Ms.length, 60);
    const share = result.shares.reduce((sum, part) => sum + part, 0);
    assertEquals(Math.abs(share - 1) < 1e-4, true);
    assertEquals(result.imbalance >= 1, true);
  });

  Deno.test(`runAlgorithm() of ${algorithm} says how many keys move if it goes by key`, () => {
    const { keysMoved } = resultOf(algorithm, { requests: 100 });

    const basis = ALGORITHMS[algorithm]?.basis;
    assertEquals(keysMoved !== null, basis === "key" || basis === "network");
  });
}

Deno.test("runAlgorithm() compares the shares of those that are meant to work", () => {
  const [backup, ...others] = specsOf([1, 1, 1]);
  const backends = [{ ...backup!, backup: true }, ...others];

  const { imbalance, shares } = resultOf("round_robin", { weights: [1, 1, 1], backends });

  assertEquals([imbalance, shares], [1, [0, 0.5, 0.5]]);
});

Deno.test("createArrivals() makes the same requests for every algorithm", () => {
  const plan = planOf({ requests: 1000 });
  const [a, b] = [createArrivals(plan), createArrivals(plan)];

  for (let count = 0; count < 1000; count++) {
    assertEquals(a.atMs, b.atMs);
    a.take();
    b.take();
    assertEquals([a.serviceMs, a.key], [b.serviceMs, b.key]);
  }
  assertEquals([a.atMs, b.atMs], [Infinity, Infinity]);
});

Deno.test("runAlgorithm() replays a log", () => {
  const lines = [0, 10, 5, 200].map((ms) =>
    `{"time":"2026-11-21T09:00:00.${String(ms).padStart(3, "0")}Z","duration_ms":20}`
  );
  const plan = planOf({
    weights: [1],
    load: {
      kind: "replay",
      file: "access.log",
      keyBy: "client",
      summary: {
        requests: 4,
        durationMs: 200,
        meanServiceMs: 20,
        unusable: 0,
        firstUnusableLine: undefined,
        late: 0,
      },
      readLines: () => lines,
    },
    durationMs: 200,
  });

  const { requests, latencyMs } = runAlgorithm(plan, "round_robin");

  // One slot: they end at 20, 40, 60 and 220.
  assertEquals([requests, latencyMs.mean, latencyMs.max], [4, (20 + 35 + 50 + 20) / 4, 50]);
});
