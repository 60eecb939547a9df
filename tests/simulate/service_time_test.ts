import { assertAlmostEquals, assertEquals } from "@std/assert";
import { DISTRIBUTIONS, serviceTimes } from "../../lib/simulate/service_time.ts";
import { seededRandom } from "../support/seeded_random.ts";

const DRAWS = 400_000;

function draw(distribution: typeof DISTRIBUTIONS[number], shape?: number): number[] {
  const options = { distribution, meanMs: 20, ...(shape === undefined ? {} : { shape }) };
  const next = serviceTimes(options, seededRandom(11));
  return Array.from({ length: DRAWS }, next).sort((a, b) => a - b);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

for (const distribution of DISTRIBUTIONS) {
  Deno.test(`serviceTimes() of ${distribution} have the mean asked for`, () => {
    assertAlmostEquals(mean(draw(distribution)), 20, 0.3);
  });
}

// Medians and 99th percentiles from the textbook formulas, for a mean of 20.
const SIGMA = 0.5;
const QUANTILES = [
  ["constant", undefined, 20, 20],
  ["exponential", undefined, 20 * Math.LN2, 20 * Math.log(100)],
  ["lognormal", SIGMA, 20 * Math.exp(-0.125), 20 * Math.exp(-0.125 + 2.3263 * SIGMA)],
  ["pareto", 3, 40 / 3 * 0.5 ** (-1 / 3), 40 / 3 * 0.01 ** (-1 / 3)],
  ["bimodal", 5, 20 / 1.4, 100 / 1.4],
] as const;

for (const [distribution, shape, median, p99] of QUANTILES) {
  Deno.test(`serviceTimes() of ${distribution} are spread as they should be`, () => {
    const values = draw(distribution, shape);

    assertAlmostEquals(values[DRAWS / 2]!, median, median * 0.02);
    assertAlmostEquals(values[DRAWS * 0.99]!, p99, p99 * 0.03);
  });
}

Deno.test("serviceTimes() of bimodal are long once in ten", () => {
  const long = draw("bimodal").filter((value) => value > 20).length;

  assertAlmostEquals(long / DRAWS, 0.1, 0.003);
  assertEquals(new Set(draw("bimodal")).size, 2);
});
