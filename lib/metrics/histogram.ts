/**
 * Upper bounds of the buckets, in seconds. From an answer out of memory next door to the longest that
 * anybody waits; fixed, so that histograms of all instances and all versions can be added up.
 */
export const BUCKET_BOUNDS: readonly number[] = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
];

/** Cells of one histogram: the buckets, one for what is above all bounds, and the sum. */
export const HISTOGRAM_CELLS = BUCKET_BOUNDS.length + 2;

/** What a histogram holds, over all threads. */
export interface HistogramLook {
  /** How many values were at or below each bound of {@linkcode BUCKET_BOUNDS}. */
  readonly cumulative: readonly number[];
  readonly count: number;
  /** Of all values, in seconds. */
  readonly sum: number;
}

const BOUNDS = Float64Array.from(BUCKET_BOUNDS);
const SUM = HISTOGRAM_CELLS - 1;

/**
 * Counts one value in the histogram that begins at cell `at`; allocates nothing.
 *
 * @param seconds 0 or more
 */
export function observe(cells: Float64Array, at: number, seconds: number): void {
  let bucket = 0;
  // Most values are small, so that a search from below looks at few bounds.
  while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket++;
  cells[at + bucket]! += 1;
  cells[at + SUM]! += seconds;
}

/** Reads a histogram whose cells `total` adds up over all threads. */
export function lookAt(at: number, total: (cell: number) => number): HistogramLook {
  let count = 0;
  const cumulative = BUCKET_BOUNDS.map((_, bucket) => count += total(at + bucket));
  count += total(at + BUCKET_BOUNDS.length);
  // The count is that of the buckets read: a cell of its own might be ahead of them.
  return { cumulative, count, sum: total(at + SUM) };
}
