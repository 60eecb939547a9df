import { assertAlmostEquals, assertEquals } from "@std/assert";
import { BUCKET_BOUNDS, HISTOGRAM_CELLS, lookAt, observe } from "../../lib/metrics/histogram.ts";

function lookAtAll(cells: Float64Array, at = 0) {
  return lookAt(at, (cell) => cells[cell]!);
}

Deno.test("observe() counts a value on a bound as at or below it", () => {
  for (const [place, bound] of BUCKET_BOUNDS.entries()) {
    const cells = new Float64Array(HISTOGRAM_CELLS);

    observe(cells, 0, bound);

    const { cumulative } = lookAtAll(cells);
    assertEquals(cumulative, BUCKET_BOUNDS.map((_, other) => other < place ? 0 : 1), `${bound}`);
  }
});

Deno.test("observe() counts what is above all bounds in the count alone", () => {
  const cells = new Float64Array(HISTOGRAM_CELLS);

  observe(cells, 0, 61);
  observe(cells, 0, 0);

  const { cumulative, count, sum } = lookAtAll(cells);
  assertEquals([cumulative.at(-1), cumulative[0], count, sum], [1, 1, 2, 61]);
});

Deno.test("observe() touches the cells of its own histogram alone", () => {
  const cells = new Float64Array(3 * HISTOGRAM_CELLS);

  for (const seconds of [0, 0.003, 0.7, 1000]) observe(cells, HISTOGRAM_CELLS, seconds);

  assertEquals(lookAtAll(cells, 0).count, 0);
  assertEquals(lookAtAll(cells, 2 * HISTOGRAM_CELLS).count, 0);
  const { count, sum } = lookAtAll(cells, HISTOGRAM_CELLS);
  assertEquals(count, 4);
  assertAlmostEquals(sum, 1000.703);
});

Deno.test("BUCKET_BOUNDS rise from half a millisecond to a minute", () => {
  assertEquals([BUCKET_BOUNDS[0], BUCKET_BOUNDS.at(-1)], [0.0005, 60]);
  assertEquals(BUCKET_BOUNDS.toSorted((a, b) => a - b), BUCKET_BOUNDS);
});
