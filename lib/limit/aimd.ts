import { clamp, type Limit, type LimitBounds, type LimitSample } from "./limit.ts";

/** Settings of {@linkcode AimdLimit}. */
export interface AimdOptions extends LimitBounds {
  /** An answer that took longer counts as none. @default {5000} */
  readonly timeoutMs?: number;
  /** What is left of the limit after a drop, 0.5 to below 1. @default {0.9} */
  readonly backoff?: number;
}

/**
 * Additive increase, multiplicative decrease (Chiu and Jain, 1989; Netflix concurrency-limits
 * `AIMDLimit`): one more while the limit is used, a tenth less after a drop. It knows no latency but
 * the timeout, so it holds latency near what the timeout allows.
 */
export class AimdLimit implements Limit {
  readonly #options: Required<AimdOptions>;
  #current: number;

  constructor(options: AimdOptions) {
    this.#options = { timeoutMs: 5000, backoff: 0.9, ...options };
    this.#current = options.initial;
  }

  get current(): number {
    return this.#current;
  }

  onSample({ rttMs, inFlight, dropped }: LimitSample): void {
    const { timeoutMs, backoff } = this.#options;
    if (dropped || rttMs > timeoutMs) this.#set(Math.floor(this.#current * backoff));
    else if (2 * inFlight >= this.#current) this.#set(this.#current + 1);
  }

  #set(limit: number): void {
    this.#current = clamp(limit, this.#options);
  }
}
