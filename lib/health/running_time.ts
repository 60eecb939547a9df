import type { Clock } from "../core/clock.ts";

/**
 * Time in which this process ran. It stands still while the process does: stopped by a signal, on a
 * machine that was put to sleep, in a long garbage collection. What a peer failed to do meanwhile
 * says nothing about the peer.
 */
export class RunningTime implements Disposable {
  readonly #clock: Clock;
  #lookedMs: number;
  #lostMs = 0;
  #timer: Disposable | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedMs = clock.now();
    this.#schedule();
  }

  /** Milliseconds; differs from the clock by what was lost. */
  now(): number {
    return this.#clock.now() - this.lostMs;
  }

  /** How long the process has stood still since this was made, in milliseconds. */
  get lostMs(): number {
    const nowMs = this.#clock.now();
    const sinceMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    if (sinceMs > STALL_MS) this.#lostMs += sinceMs - TICK_MS;
    return this.#lostMs;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #schedule(): void {
    this.#timer = this.#clock.after(TICK_MS, () => {
      void this.lostMs;
      this.#schedule();
    });
  }
}

const TICK_MS = 100;
/** A tick that is later than this was not merely waiting for its turn. */
const STALL_MS = 300;
