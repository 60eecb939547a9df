import { increase } from "./counters.ts";
import { type Histogram, histogramBetween, quantile, sumBuckets } from "./histogram.ts";
import { parseMetrics } from "./metrics_text.ts";

const BUCKETS = "weir_request_duration_seconds_bucket";
const REQUESTS = "weir_requests_total";
const START = "process_start_time_seconds";
const WANTED: ReadonlySet<string> = new Set([BUCKETS, REQUESTS, START]);
/** Few requests make jumpy percentiles: those of this long are taken together. */
const WINDOW_MS = 10_000;

/** What the metrics tell beyond the status. */
export interface MetricsLook {
  /** Of HTTP requests, in milliseconds; absent when none has ended lately. */
  readonly latencyMs?: { readonly p50: number; readonly p95: number; readonly p99: number };
  /** Answers with a status of 500 or above, in a second; absent until the second look. */
  readonly serverErrors?: number;
  /** When the process began. Milliseconds since 1970. */
  readonly startMs?: number;
}

interface Scrape {
  readonly atMs: number;
  readonly durations: Histogram;
  readonly serverErrors: number;
}

/** What pages of `GET /metrics` tell, one after the other. */
export class Scrapes {
  #scrapes: Scrape[] = [];

  /** @param atMs when it came */
  take(page: string, atMs: number): MetricsLook {
    const samples = parseMetrics(page, WANTED);
    const scrape = {
      atMs,
      durations: sumBuckets(samples.filter(({ name }) => name === BUCKETS)),
      serverErrors: samples
        .filter(({ name, labels }) => name === REQUESTS && labels["code"]?.startsWith("5"))
        .reduce((sum, { value }) => sum + value, 0),
    };
    this.#scrapes.push(scrape);
    // The one before stays, however long ago it was.
    const kept = this.#scrapes.slice(0, -2).filter((old) => atMs - old.atMs <= WINDOW_MS);
    this.#scrapes = [...kept, ...this.#scrapes.slice(-2)];
    const start = samples.find(({ name }) => name === START);
    return {
      ...this.#since(this.#scrapes[0] ?? scrape, scrape),
      ...(start === undefined ? {} : { startMs: start.value * 1000 }),
    };
  }

  #since(earlier: Scrape, later: Scrape): Omit<MetricsLook, "startMs"> {
    const seconds = (later.atMs - earlier.atMs) / 1000;
    if (seconds <= 0) return {};
    const durations = histogramBetween(earlier.durations, later.durations);
    const serverErrors = increase(later.serverErrors, earlier.serverErrors) / seconds;
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((part) => quantile(durations, part));
    if (p50 === undefined || p95 === undefined || p99 === undefined) return { serverErrors };
    return { serverErrors, latencyMs: { p50: p50 * 1000, p95: p95 * 1000, p99: p99 * 1000 } };
  }
}
