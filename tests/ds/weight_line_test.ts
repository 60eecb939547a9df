import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { WeightLine } from "../../lib/ds/weight_line.ts";

Deno.test("WeightLine gives each owner exactly its weight over a cycle", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });

  fc.assert(fc.property(weights, fc.nat(1000), (weights, start) => {
    const line = new WeightLine(weights);
    const counts = weights.map(() => 0);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let turn = start; turn < start + total; turn++) counts[line.at(turn)]!++;
    assertEquals(counts, weights);
  }));
});
