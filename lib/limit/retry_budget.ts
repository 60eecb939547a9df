/** How many retries a {@linkcode RetryBudget} lets through. */
export interface RetryBudgetOptions {
  /** Retries per request, 0 to 1. */
  readonly ratio: number;
  /** Retries per second allowed beside that, 0 or more. @default {10} */
  readonly minPerSecond?: number;
  /** Length of the sliding window in milliseconds, above 0. @default {10000} */
  readonly windowMs?: number;
}

/** The window slides in steps of a tenth, as in tower's `TpsBudget`. */
const SLOTS = 10;
/** Keeps 0.29 * 100 from being less than 29. */
const ROUNDING = 1e-9;

/**
 * Keeps retries from making an overload worse: over a sliding window there are at most `ratio`
 * times the requests, plus a floor for upstreams with little traffic.
 *
 * (Finagle `RetryBudget`, tower `TpsBudget`.) Unused allowance ends with the window, and the floor
 * of a whole window may go in one burst.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #floor: number;
  readonly #slotMs: number;
  readonly #requests = new Float64Array(SLOTS);
  readonly #retries = new Float64Array(SLOTS);
  /** Sums of the slots; whole numbers, so they do not drift. */
  #requestSum = 0;
  #retrySum = 0;
  /** Slots since the epoch of the clock. */
  #tick = 0;

  constructor({ ratio, minPerSecond = 10, windowMs = 10_000 }: RetryBudgetOptions) {
    this.#ratio = ratio;
    this.#floor = minPerSecond * windowMs / 1000;
    this.#slotMs = windowMs / SLOTS;
  }

  /**
   * Counts a request, once however often it is tried.
   *
   * @param nowMs monotonic milliseconds, 0 or more
   */
  deposit(nowMs: number): void {
    this.#requests[this.#slot(nowMs)]! += 1;
    this.#requestSum++;
  }

  /** Takes the right to one retry, if there is one. */
  tryWithdraw(nowMs: number): boolean {
    const slot = this.#slot(nowMs);
    const allowed = this.#ratio * this.#requestSum + this.#floor + ROUNDING;
    if (this.#retrySum + 1 > allowed) return false;
    this.#retries[slot]! += 1;
    this.#retrySum++;
    return true;
  }

  /** The slot of `nowMs`, after forgetting those that left the window. */
  #slot(nowMs: number): number {
    const tick = Math.floor(nowMs / this.#slotMs);
    if (Math.abs(tick - this.#tick) >= SLOTS) this.#startAfresh(tick);
    // A clock that went back a little counts in the newest slot.
    while (this.#tick < tick) this.#forget(++this.#tick % SLOTS);
    return this.#tick % SLOTS;
  }

  #startAfresh(tick: number): void {
    this.#requests.fill(0);
    this.#retries.fill(0);
    this.#requestSum = 0;
    this.#retrySum = 0;
    this.#tick = tick;
  }

  #forget(slot: number): void {
    this.#requestSum -= this.#requests[slot]!;
    this.#retrySum -= this.#retries[slot]!;
    this.#requests[slot] = 0;
    this.#retries[slot] = 0;
  }
}
