import type { Clock } from "../core/clock.ts";
import { TimerWheel, type WheelTimer } from "../ds/timer_wheel.ts";

/** Virtual time, as an engine sets it; timers are events of that engine. */
export class VirtualClock implements Clock {
  /** Milliseconds since the start. */
  nowMs = 0;
  readonly #push: (atMs: number, timer: number) => void;
  /** What timers run, by number. */
  readonly #runs: ((() => void) | undefined)[] = [];
  readonly #free: number[] = [];

  /** @param push has `expire` called with the timer's number once it is that late */
  constructor(push: (atMs: number, timer: number) => void) {
    this.#push = push;
  }

  /** Bound, so that it can be handed on as a function. */
  readonly now = (): number => this.nowMs;

  after(delayMs: number, run: () => void): Disposable {
    const timer = this.#free.pop() ?? this.#runs.length;
    let isSet = true;
    this.#runs[timer] = () => {
      if (!isSet) return;
      isSet = false;
      run();
    };
    this.#push(this.nowMs + delayMs, timer);
    return { [Symbol.dispose]: () => void (isSet = false) };
  }

  /** A timer is due. */
  expire(timer: number): void {
    const run = this.#runs[timer];
    this.#runs[timer] = undefined;
    this.#free.push(timer);
    run?.();
  }
}

/** Coarse deadlines in virtual time, as `Timeouts` has them in a thread. */
export class VirtualTimeouts {
  readonly #clock: VirtualClock;
  readonly #wheel = new TimerWheel(TICK_MS, SLOTS, 0);
  #isTicking = false;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  schedule(timer: WheelTimer, delayMs: number): void {
    this.#wheel.schedule(timer, delayMs + TICK_MS, this.#clock.nowMs);
    if (!this.#isTicking) this.#startTick();
  }

  cancel(timer: WheelTimer): void {
    this.#wheel.cancel(timer);
  }

  #startTick(): void {
    this.#isTicking = true;
    this.#clock.after(TICK_MS, () => {
      this.#isTicking = false;
      this.#wheel.advance(this.#clock.nowMs);
      if (this.#wheel.size > 0 && !this.#isTicking) this.#startTick();
    });
  }
}

const TICK_MS = 50;
const SLOTS = 64;
