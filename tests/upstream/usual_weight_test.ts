import { assertEquals } from "@std/assert";
import { usualWeight } from "../../lib/upstream/usual_weight.ts";

for (
  const [weights, usual] of [
    [[], 1],
    [[0, 0], 1],
    [[5], 5],
    [[100, 0, 100, 300], 100],
    [[1, 10, 2], 2],
  ] as const
) {
  Deno.test(`usualWeight() of ${weights.join(", ") || "nothing"} is ${usual}`, () => {
    assertEquals(usualWeight(weights.map((weight) => ({ weight }))), usual);
  });
}
