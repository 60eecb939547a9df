import { TimerWheel, type WheelTimer } from "../ds/timer_wheel.ts";

/** Every deadline of one thread, on one coarse timer that runs only while there are deadlines. */
export class Timeouts implements Disposable {
  readonly #now: () => number;
  readonly #wheel: TimerWheel;
  #ticker: ReturnType<typeof setInterval> | undefined;
  /** Monotonic milliseconds, as of the last tick: free to read per byte moved. */
  nowMs: number;

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.nowMs = now();
    this.#wheel = new TimerWheel(TICK_MS, SLOTS, this.nowMs);
  }

  /** Sets `timer` to expire in `delayMs`, at most two ticks late; moves it if it is set. */
  schedule(timer: WheelTimer, delayMs: number): void {
    if (this.#ticker === undefined) {
      this.nowMs = this.#now();
      this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    }
    // The clock is read once a tick, so it may be that much behind; a timer must not be early.
    this.#wheel.schedule(timer, delayMs + TICK_MS, this.nowMs);
  }

  cancel(timer: WheelTimer): void {
    this.#wheel.cancel(timer);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  #tick(): void {
    const previousMs = this.nowMs;
    this.nowMs = this.#now();
    // The thread stood still. What came in meanwhile has to be read before anybody is called silent.
    if (this.nowMs - previousMs > STALL_MS) return;
    this.#wheel.advance(this.nowMs);
    if (this.#wheel.size === 0) this[Symbol.dispose]();
  }
}

/** Fine enough for a connect timeout of some hundred milliseconds, coarse enough to cost nothing. */
const TICK_MS = 50;
const SLOTS = 1024;
const STALL_MS = 10 * TICK_MS;
