import { clamp, type Limit, type LimitBounds, type LimitSample } from "./limit.ts";

/** Settings of {@linkcode VegasLimit}. */
export interface VegasOptions extends LimitBounds {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Samples between two measurements of the time without load, as a multiple of the limit. @default {30} */
  readonly probeMultiplier?: number;
}

/**
 * TCP Vegas (Brakmo and Peterson, 1994) as Netflix concurrency-limits `VegasLimit` has it: what is
 * over the shortest time seen is time in the backend's queue, and that gives its length. A short
 * queue lets the limit grow, a long one shrinks it; the thresholds grow with its logarithm.
 */
export class VegasLimit implements Limit {
  readonly #options: VegasOptions;
  readonly #probeMultiplier: number;
  #current: number;
  /** Shortest time seen since the last probe; 0 before the first sample. */
  #noLoadMs = 0;
  #samples = 0;
  #jitter: number;

  constructor(options: VegasOptions) {
    this.#options = options;
    this.#probeMultiplier = options.probeMultiplier ?? 30;
    this.#current = options.initial;
    this.#jitter = this.#drawJitter();
  }

  get current(): number {
    return this.#current;
  }

  onSample({ rttMs, inFlight, dropped }: LimitSample): void {
    // How long it took to fail is no time of an answer.
    if (dropped) return this.#set(this.#current - log10(this.#current));
    if (++this.#samples >= this.#jitter * this.#probeMultiplier * this.#current) {
      this.#jitter = this.#drawJitter();
      this.#samples = 0;
      this.#noLoadMs = rttMs;
      return;
    }
    if (this.#noLoadMs === 0 || rttMs < this.#noLoadMs) {
      this.#noLoadMs = rttMs;
      return;
    }
    if (inFlight * 2 >= this.#current) this.#set(this.#next(rttMs));
  }

  #next(rttMs: number): number {
    const limit = this.#current;
    const step = log10(limit);
    const queue = Math.ceil(limit * (1 - this.#noLoadMs / rttMs));
    if (queue <= step) return limit + 6 * step;
    if (queue < 3 * step) return limit + step;
    return queue > 6 * step ? limit - step : limit;
  }

  #set(limit: number): void {
    this.#current = clamp(limit, this.#options);
  }

  /** Threads must not all measure at once. */
  #drawJitter(): number {
    return 0.5 + this.#options.random() / 2;
  }
}

function log10(limit: number): number {
  return Math.max(1, Math.log10(limit));
}
