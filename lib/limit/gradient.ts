import { clamp, type Limit, type LimitBounds, type LimitSample } from "./limit.ts";

/** Settings of {@linkcode GradientLimit}. */
export interface GradientOptions extends LimitBounds {
  /** Part of each new limit that is taken over, above 0 to 1. @default {0.2} */
  readonly smoothing?: number;
  /** What the limit grows by while latency is flat. @default {4} */
  readonly queueSize?: number;
  /** Samples of the long average. @default {600} */
  readonly longWindow?: number;
  /** How much longer than usual is no reason to shrink, as a factor. @default {1.5} */
  readonly tolerance?: number;
}

/**
 * Netflix concurrency-limits `Gradient2Limit`: the limit follows the ratio of the usual time, a long
 * average, to the present one. Drops, which the original does not look at, take a tenth as in
 * `GradientLimit`: a backend that fails at once would look fast.
 *
 * What is usual follows the present: under an overload that lasts, the limit drifts upwards, the
 * faster the shorter `longWindow` windows of samples are. `max` bounds that.
 */
export class GradientLimit implements Limit {
  readonly #options: Required<GradientOptions>;
  readonly #usual: LongAverage;
  #current: number;

  constructor(options: GradientOptions) {
    const defaults = { smoothing: 0.2, queueSize: 4, longWindow: 600, tolerance: 1.5 };
    this.#options = { ...defaults, ...options };
    this.#usual = new LongAverage(this.#options.longWindow);
    this.#current = options.initial;
  }

  get current(): number {
    return this.#current;
  }

  onSample({ rttMs, inFlight, dropped }: LimitSample): void {
    const { smoothing, queueSize, tolerance } = this.#options;
    if (dropped) return this.#set(this.#current * DROP_BACKOFF);
    const usualMs = this.#usual.add(rttMs);
    // Much faster than usual: what is usual was learnt in a bad time.
    if (usualMs / rttMs > 2) this.#usual.decay();
    if (inFlight < this.#current / 2) return;
    const gradient = clamp(tolerance * usualMs / rttMs, { min: 0.5, max: 1 });
    const wanted = this.#current * gradient + queueSize;
    this.#set(this.#current * (1 - smoothing) + wanted * smoothing);
  }

  #set(limit: number): void {
    this.#current = clamp(limit, this.#options);
  }
}

const DROP_BACKOFF = 0.9;
const WARM_UP = 10;

/** A plain average at first, then an exponential one. */
class LongAverage {
  readonly #factor: number;
  #value = 0;
  #sum = 0;
  #count = 0;

  constructor(window: number) {
    this.#factor = 2 / (window + 1);
  }

  add(sample: number): number {
    if (this.#count < WARM_UP) {
      this.#count++;
      this.#sum += sample;
      this.#value = this.#sum / this.#count;
    } else {
      this.#value += (sample - this.#value) * this.#factor;
    }
    return this.#value;
  }

  decay(): void {
    this.#value *= 0.95;
  }
}
