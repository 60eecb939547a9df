import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MAX_SMOOTH_TURNS, SmoothOrder } from "../../lib/ds/smooth_order.ts";

/** NGINX `ngx_http_upstream_get_peer`, word for word and without classes. */
function nginxOrder(weights: readonly number[], turns: number): number[] {
  const current = weights.map(() => 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: turns }, () => {
    let best = 0;
    for (const [owner, weight] of weights.entries()) {
      current[owner]! += weight;
      if (current[owner]! > current[best]!) best = owner;
    }
    current[best]! -= total;
    return best;
  });
}

function turnsOf(order: SmoothOrder, turns: number): number[] {
  return Array.from({ length: turns }, (_, turn) => order.at(turn));
}

Deno.test("SmoothOrder gives {5, 1, 1} the order a a b a c a a", () => {
  assertEquals(turnsOf(new SmoothOrder([5, 1, 1]), 7), [0, 0, 1, 0, 2, 0, 0]);
});

Deno.test("SmoothOrder is the order of NGINX, over three cycles", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 });

  fc.assert(fc.property(weights, (weights) => {
    const turns = 3 * weights.reduce((sum, weight) => sum + weight, 0);
    assertEquals(turnsOf(new SmoothOrder(weights), turns), nginxOrder(weights, turns));
  }));
});

Deno.test("SmoothOrder is the same whichever turn is asked for first", () => {
  const inOrder = turnsOf(new SmoothOrder([7, 3, 3, 2, 1]), 16);
  const order = new SmoothOrder([7, 3, 3, 2, 1]);

  const backwards = Array.from({ length: 16 }, (_, i) => order.at(15 - i + 16 * 1000));

  assertEquals(backwards.toReversed(), inOrder);
});

Deno.test("SmoothOrder reduces weights to lowest terms", () => {
  const heavy = new SmoothOrder([5 * 65_535 * 20, 65_535 * 20, 65_535 * 20]);

  assertEquals(turnsOf(heavy, 14), [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0]);
});

Deno.test("SmoothOrder holds the longest cycle and gives each its weight", () => {
  const weights = [...Array.from({ length: 361 }, (_, i) => i + 1), MAX_SMOOTH_TURNS - 65_341];
  const counts = weights.map(() => 0);

  const order = new SmoothOrder(weights);
  for (let turn = 0; turn < MAX_SMOOTH_TURNS; turn++) counts[order.at(turn)]!++;

  assertEquals(counts, weights);
});

Deno.test("SmoothOrder refuses a longer cycle", () => {
  assertThrows(() => new SmoothOrder([MAX_SMOOTH_TURNS, 1]), RangeError, "at most 65536 turns");
});
