import { assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { LogHistogram } from "../../lib/ds/log_histogram.ts";
import { seededRandom } from "../support/seeded_random.ts";

Deno.test("LogHistogram says NaN before anything is recorded, and after clear()", () => {
  const histogram = new LogHistogram();
  const figures = () => [histogram.quantile(0.5), histogram.mean, histogram.min, histogram.max];
  assertEquals(figures(), [NaN, NaN, NaN, NaN]);

  histogram.record(3);
  histogram.clear();

  assertEquals(figures(), [NaN, NaN, NaN, NaN]);
  assertEquals([histogram.count, histogram.sum], [0, 0]);
});

Deno.test("LogHistogram knows count, sum, mean and both ends exactly", () => {
  const histogram = new LogHistogram();
  for (const value of [1, 2, 4.5, 0.5]) histogram.record(value);

  assertEquals([histogram.count, histogram.sum, histogram.mean], [4, 8, 2]);
  assertEquals([histogram.min, histogram.max], [0.5, 4.5]);
  // The first and the last bucket of these reach beyond what was recorded.
  assertEquals(histogram.quantile(0) >= 0.5 && histogram.quantile(1) <= 4.5, true);
});

for (const accuracy of [0.01, 0.001, 0.1]) {
  Deno.test(`LogHistogram.quantile() is right to a share of ${accuracy} at every magnitude`, () => {
    const histogram = new LogHistogram({ accuracy });
    const random = seededRandom(5);
    const values = Array.from({ length: 20_000 }, () => 10 ** (random() * 10 - 2.9));
    for (const value of values) histogram.record(value);
    values.sort((a, b) => a - b);

    for (let q = 0.001; q <= 1; q += 0.001) {
      const exact = values[Math.max(1, Math.ceil(q * values.length)) - 1]!;
      const off = Math.abs(histogram.quantile(q) - exact) / exact;
      assertLessOrEqual(off, accuracy * 1.000001, `q=${q}, exact ${exact}`);
    }
  });
}

Deno.test("LogHistogram puts what is beyond its range at the ends of it", () => {
  const histogram = new LogHistogram({ lowest: 1, highest: 100 });
  for (const value of [0, 0.1, 5, 1e9, Infinity]) histogram.record(value);

  assertEquals(histogram.quantile(0.2), 1);
  assertAlmostEquals(histogram.quantile(0.6), 5, 0.05);
  assertAlmostEquals(histogram.quantile(0.9), 100, 2);
  assertEquals([histogram.min, histogram.max], [0, Infinity]);
});
