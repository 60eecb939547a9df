/** How much of something one key may have. */
export interface Rate {
  /** How many in each {@linkcode perMs}, 1 to 1,000,000. */
  readonly requests: number;
  /** Milliseconds, above 0. */
  readonly perMs: number;
  /** How many at once after a rest, 1 to 1,000,000. */
  readonly burst: number;
}

/**
 * The rule of one rate limit: the generic cell rate algorithm, which is a token bucket that is kept
 * as one number (ITU-T I.371 annex A, "virtual scheduling").
 *
 * That number is a *debt*: how long the bucket will take to be full again. It shrinks as time passes,
 * each request adds an interval, and one that would make it more than a whole bucket is refused. So
 * in any stretch of time t there pass at most burst + t / interval.
 *
 * Time is counted in ticks, of which an interval has a whole number: nothing is rounded from one
 * request to the next, so the rate is exact however long it is kept.
 */
export class Gcra {
  /** Ticks between two requests at the rate, 1 or more. */
  readonly interval: number;
  /** The debt of an empty bucket: interval times burst, at most 2^36 ticks. */
  readonly tolerance: number;
  readonly #ticksPerMs: number;

  constructor({ requests, perMs, burst }: Rate) {
    const most = Math.floor(MAX_TOLERANCE / burst);
    const usual = Math.round(perMs / requests / TICK_MS);
    this.interval = Math.min(most, Math.max(1, usual));
    this.tolerance = this.interval * burst;
    this.#ticksPerMs = this.interval * requests / perMs;
  }

  /** The tick of a moment. */
  tickAt(nowMs: number): number {
    return Math.floor(nowMs * this.#ticksPerMs);
  }

  /** The debt after one request more. */
  afterRequest(debt: number): number {
    return Math.max(0, debt) + this.interval;
  }

  /**
   * How long until a request may pass.
   *
   * @param debt what it would leave, of {@linkcode afterRequest}
   * @returns milliseconds; 0 or less: it may pass now
   */
  waitMs(debt: number): number {
    return (debt - this.tolerance) / this.#ticksPerMs;
  }

  /** Ticks of a length of time, rounded up. */
  ticksIn(durationMs: number): number {
    return Math.ceil(durationMs * this.#ticksPerMs);
  }
}

/** Debts fit into 40 bits many times over. */
const MAX_TOLERANCE = 2 ** 36;
/** About the length of a tick: 40 bits of them are 203 days. */
const TICK_MS = 2 ** -6;
