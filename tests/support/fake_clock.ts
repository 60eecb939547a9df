import type { Clock } from "../../lib/core/clock.ts";

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  #nowMs: number;

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  /** Bound, so that it can be handed on as a function. */
  readonly now = (): number => this.#nowMs;

  /** Delays of the timers that wait, shortest first, from now. */
  get delays(): number[] {
    return [...this.#timers].map((timer) => timer.atMs - this.#nowMs).sort((a, b) => a - b);
  }

  after(delayMs: number, run: () => void): Disposable {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /** Goes on by `ms`, calling what falls due on the way at its own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let due = this.#next(endMs); due !== undefined; due = this.#next(endMs)) {
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.run();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  /** Goes on by `ms` while nothing runs, as when the process is stopped: what fell due is late. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  /** As `advance`, but in steps, letting pending promises run after each. */
  async run(ms: number, stepMs: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    while (this.#nowMs < endMs) {
      this.advance(Math.min(stepMs, endMs - this.#nowMs));
      await settled();
    }
  }

  #next(endMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
    }
    return first;
  }
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** Resolves once every promise that can settle without the outside world has settled. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}
