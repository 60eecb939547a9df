import { assertAlmostEquals, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { seededRandom } from "../../lib/ds/seeded_random.ts";

function draw(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random);
}

Deno.test("seededRandom() repeats for the same seed and differs for the next", () => {
  assertEquals(draw(7, 100), draw(7, 100));
  assertNotEquals(draw(7, 100), draw(8, 100));
});

Deno.test("seededRandom() stays in [0, 1) and is even over ten parts", () => {
  const counts = new Array<number>(10).fill(0);
  for (const value of draw(3, 100_000)) counts[Math.floor(value * 10)]! += 1;

  assertEquals(counts.reduce((sum, count) => sum + count, 0), 100_000);
  // Chi-squared with 9 degrees of freedom exceeds 27.9 once in a thousand seeds.
  const chi = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  assertLess(chi, 27.9);
});

Deno.test("seededRandom() gives streams of neighbouring seeds nothing in common", () => {
  const [a, b] = [draw(0, 50_000), draw(1, 50_000)];
  const mean = a.reduce((sum, value, index) => sum + (value - 0.5) * (b[index]! - 0.5), 0) / 50_000;

  assertAlmostEquals(mean * 12, 0, 0.02);
});
