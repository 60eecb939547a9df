import type { Limit, LimitSample } from "./limit.ts";

/** Settings of a {@linkcode WindowedLimit}. */
export interface WindowOptions {
  /** Shortest window, in milliseconds. @default {1000} */
  readonly windowMs?: number;
  /** Fewest samples of a window. @default {10} */
  readonly minSamples?: number;
  /** Answers that were faster are not looked at: they say nothing about load. @default {0.1} */
  readonly minRttMs?: number;
}

/**
 * Gives another limit one sample for a window of them: the average time, the most that was in flight,
 * and whether anything was dropped (Netflix concurrency-limits `WindowedLimit`). A window ends when
 * it is long enough and has samples enough.
 */
export class WindowedLimit implements Limit {
  readonly #limit: Limit;
  readonly #options: Required<WindowOptions>;
  #startMs: number | undefined;
  #count = 0;
  #answers = 0;
  #rttSumMs = 0;
  #longestDropMs = 0;
  #mostInFlight = 0;

  constructor(limit: Limit, options: WindowOptions = {}) {
    this.#limit = limit;
    this.#options = { windowMs: 1000, minSamples: 10, minRttMs: 0.1, ...options };
  }

  get current(): number {
    return this.#limit.current;
  }

  onSample({ rttMs, inFlight, dropped, nowMs }: LimitSample): void {
    const { windowMs, minSamples, minRttMs } = this.#options;
    if (!dropped && rttMs < minRttMs) return;
    this.#startMs ??= nowMs;
    this.#count++;
    this.#mostInFlight = Math.max(this.#mostInFlight, inFlight);
    if (dropped) this.#longestDropMs = Math.max(this.#longestDropMs, rttMs);
    else {
      this.#answers++;
      this.#rttSumMs += rttMs;
    }
    if (this.#count >= minSamples && nowMs - this.#startMs >= windowMs) this.#end(nowMs);
  }

  #end(nowMs: number): void {
    const dropped = this.#answers < this.#count;
    const rttMs = this.#answers === 0 ? this.#longestDropMs : this.#rttSumMs / this.#answers;
    const inFlight = this.#mostInFlight;
    this.#startMs = nowMs;
    this.#count =
      this.#answers =
      this.#rttSumMs =
      this.#longestDropMs =
      this.#mostInFlight =
        0;
    this.#limit.onSample({ rttMs, inFlight, dropped, nowMs });
  }
}
