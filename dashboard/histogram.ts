import { parseNumber, type Sample } from "./metrics_text.ts";

/** How many values were at or below each bound, bounds ascending, the last one infinite. */
export type Histogram = readonly (readonly [bound: number, count: number])[];

/** All histograms of a metric as one, from its `_bucket` lines; they have the same bounds. */
export function sumBuckets(buckets: readonly Sample[]): Histogram {
  const counts = new Map<number, number>();
  for (const { labels, value } of buckets) {
    const bound = parseNumber(labels["le"] ?? "");
    if (bound !== undefined) counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

/** What came between two looks; all of the later one when it began anew at zero. */
export function histogramBetween(earlier: Histogram, later: Histogram): Histogram {
  const before = new Map(earlier);
  const isAnew = later.some(([bound, count]) => count < (before.get(bound) ?? 0));
  if (isAnew) return later;
  return later.map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]);
}

/**
 * The value below which a part of all values are, supposing that they are spread evenly over their
 * bucket, as `histogram_quantile` of Prometheus does. `undefined` when there are none.
 *
 * @param part 0 to 1
 */
export function quantile(histogram: Histogram, part: number): number | undefined {
  const total = histogram.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const rank = part * total;
  let [lower, below] = [0, 0];
  for (const [bound, count] of histogram) {
    if (count >= rank && count > below) {
      // Above the last bound nothing is known but that.
      if (bound === Infinity) return lower;
      return lower + (bound - lower) * (rank - below) / (count - below);
    }
    if (bound !== Infinity) [lower, below] = [bound, count];
  }
  return lower;
}
