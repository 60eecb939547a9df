import { HISTOGRAM_CELLS, observe } from "../lib/metrics/histogram.ts";
import { MetricTable } from "../lib/metrics/metric_table.ts";
import { busyBench } from "../tests/support/metrics_source.ts";

/** What counting costs a thread, and what a scrape costs the supervisor. */

const cells = new Float64Array(new SharedArrayBuffer(HISTOGRAM_CELLS * 8));
// Times of a usual mix: most around a millisecond, a few near a second.
const seconds = Float64Array.from({ length: 1024 }, (_, i) => 0.0004 + (i % 97) ** 4 / 1e8);
let turn = 0;

Deno.bench("observe() a duration in a histogram", { group: "count" }, () => {
  observe(cells, 0, seconds[turn++ & 1023]!);
});

const table = MetricTable.create({
  workers: 2,
  listeners: [0],
  upstreams: [{ place: 0, backends: Array.from({ length: 100 }, (_, place) => place) }],
  links: [{ listener: 0, upstream: 0 }],
});
const meter = table.metersOf(0).listener(0);
const link = meter.to(0);

Deno.bench("all that a request counts for the metrics", { group: "count" }, () => {
  const startMs = performance.now();
  meter.received(120);
  meter.sent(200);
  link.ended(200, 57, performance.now() - startMs);
});

for (const each of [1, 100, 1000]) {
  const bench = busyBench(1000, each);
  Deno.bench(`a scrape of 1,000 backends, ${1000 / each} upstreams`, { group: "scrape" }, () => {
    bench.page();
  });
}
