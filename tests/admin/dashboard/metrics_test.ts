import { assertAlmostEquals, assertEquals } from "@std/assert";
import { histogramBetween, quantile, sumBuckets } from "../../../dashboard/histogram.ts";
import { parseMetrics } from "../../../dashboard/metrics_text.ts";
import { Scrapes } from "../../../dashboard/scrapes.ts";

const BUCKET = "weir_request_duration_seconds_bucket";

Deno.test("parseMetrics() reads names, labels with escapes, and values", () => {
  const page = [
    "# HELP a Something {with} braces.",
    "# TYPE a counter",
    'a{x="1",y="quote \\" brace } back \\\\ line \\n end"} 42',
    "a 7.5e3 1700000000",
    "a{} +Inf",
    'unwanted{x="1"} 1',
    "ab 1",
  ].join("\n");

  assertEquals(parseMetrics(page, new Set(["a"])), [
    { name: "a", labels: { x: "1", y: 'quote " brace } back \\ line \n end' }, value: 42 },
    { name: "a", labels: {}, value: 7500 },
    { name: "a", labels: {}, value: Infinity },
  ]);
});

Deno.test("parseMetrics() leaves out lines that make no sense", () => {
  const page = ['a{x="1" 1', "a{x=1} 1", 'a{x="1"}', "a one", "a{", "a", "", "a "].join("\n");

  assertEquals(parseMetrics(page, new Set(["a"])), []);
});

Deno.test("sumBuckets() adds up the histograms of several listeners", () => {
  const page = [
    `${BUCKET}{listener="a",le="0.1"} 1`,
    `${BUCKET}{listener="a",le="+Inf"} 3`,
    `${BUCKET}{listener="b",le="0.1"} 10`,
    `${BUCKET}{listener="b",le="+Inf"} 30`,
  ].join("\n");

  assertEquals(sumBuckets(parseMetrics(page, new Set([BUCKET]))), [[0.1, 11], [Infinity, 33]]);
});

Deno.test("quantile() supposes that values are spread evenly over their bucket", () => {
  const histogram = [[0.1, 50], [0.2, 90], [1, 100], [Infinity, 100]] as const;

  assertAlmostEquals(quantile(histogram, 0.25)!, 0.05);
  assertAlmostEquals(quantile(histogram, 0.5)!, 0.1);
  assertAlmostEquals(quantile(histogram, 0.7)!, 0.15);
  assertAlmostEquals(quantile(histogram, 0.95)!, 0.6);
});

Deno.test("quantile() knows the last bound only of what is above it, and nothing of nothing", () => {
  assertEquals(quantile([[0.1, 1], [Infinity, 10]], 0.9), 0.1);
  assertEquals(quantile([[0.1, 0], [Infinity, 0]], 0.5), undefined);
  assertEquals(quantile([], 0.5), undefined);
});

Deno.test("quantile() passes over buckets that are empty", () => {
  const histogram = [[0.1, 0], [0.2, 0], [0.4, 10], [Infinity, 10]] as const;

  assertAlmostEquals(quantile(histogram, 0.5)!, 0.3);
});

Deno.test("histogramBetween() takes all of a histogram that began anew", () => {
  assertEquals(histogramBetween([[1, 5], [2, 9]], [[1, 6], [2, 12]]), [[1, 1], [2, 3]]);
  assertEquals(histogramBetween([[1, 5], [2, 9]], [[1, 2], [2, 3]]), [[1, 2], [2, 3]]);
});

Deno.test("Scrapes.take() tells percentiles and server errors of the last ten seconds", () => {
  const scrapes = new Scrapes();

  assertEquals(scrapes.take(page({ fast: 0, all: 0, errors: 5 }), 0), {});
  scrapes.take(page({ fast: 1000, all: 2000, errors: 5 }), 5000);
  // The look at 0 is too old by now: between 5 s and 14 s all were fast.
  const { latencyMs, serverErrors } = scrapes.take(
    page({ fast: 3000, all: 4000, errors: 23 }),
    14_000,
  );

  assertAlmostEquals(latencyMs!.p50, 5);
  assertAlmostEquals(serverErrors!, 2);
});

Deno.test("Scrapes.take() tells when the process began, and no latency of a silent Weir", () => {
  const scrapes = new Scrapes();
  const silent = `process_start_time_seconds 1700000000\n${page({ fast: 7, all: 7, errors: 0 })}`;

  scrapes.take(silent, 0);
  const look = scrapes.take(silent, 2000);

  assertEquals(look, { serverErrors: 0, startMs: 1_700_000_000_000 });
});

function page({ fast, all, errors }: { fast: number; all: number; errors: number }): string {
  return [
    `${BUCKET}{listener="a",le="0.01"} ${fast}`,
    `${BUCKET}{listener="a",le="0.1"} ${all}`,
    `${BUCKET}{listener="a",le="+Inf"} ${all}`,
    `weir_requests_total{listener="a",upstream="u",backend="b",code="200"} 12345`,
    `weir_requests_total{listener="a",upstream="u",backend="b",code="503"} ${errors - 1}`,
    `weir_requests_total{listener="a",upstream="",backend="",code="5xx"} 1`,
  ].join("\n");
}
