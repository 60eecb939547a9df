import { LogHistogram } from "../ds/log_histogram.ts";

/** Why a request failed for good. */
export const ERROR_KINDS = [
  "no_backend",
  "queue_full",
  "queue_timeout",
  "connect",
  "reset",
  "timeout",
  "status",
] as const;
export type ErrorKind = typeof ERROR_KINDS[number];

/** Parts that a run is cut into for the course of the latency. */
export const WINDOWS = 60;

/** Counts what happens in a run. */
export class RunMeter {
  /** Of requests that were answered, from arrival to answer over all attempts. Milliseconds. */
  readonly latency = new LogHistogram();
  readonly errors: Record<ErrorKind, number> = {
    no_backend: 0,
    queue_full: 0,
    queue_timeout: 0,
    connect: 0,
    reset: 0,
    timeout: 0,
    status: 0,
  };
  /** Attempts by backend. */
  readonly attempts: Float64Array;
  retries = 0;
  retriesDenied = 0;
  readonly #courseMs: number[] = [];
  readonly #window = new LogHistogram();
  readonly #windowMs: number;
  #windowEndMs: number;

  /** @param durationMs how long requests arrive */
  constructor(backends: number, durationMs: number) {
    this.attempts = new Float64Array(backends);
    this.#windowMs = durationMs / WINDOWS;
    this.#windowEndMs = this.#windowMs;
  }

  /** A request was answered. `nowMs` never goes back. */
  answered(nowMs: number, latencyMs: number): void {
    // What is answered after the last arrival belongs to the last window.
    while (nowMs >= this.#windowEndMs && this.#courseMs.length < WINDOWS - 1) this.#closeWindow();
    this.latency.record(latencyMs);
    this.#window.record(latencyMs);
  }

  /** The 99th percentile of each window; `NaN` where nothing was answered. Ends the counting. */
  course(): number[] {
    while (this.#courseMs.length < WINDOWS) this.#closeWindow();
    return this.#courseMs;
  }

  #closeWindow(): void {
    this.#courseMs.push(this.#window.quantile(0.99));
    this.#window.clear();
    this.#windowEndMs += this.#windowMs;
  }
}
