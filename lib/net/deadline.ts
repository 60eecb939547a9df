import { WheelTimer } from "../ds/timer_wheel.ts";
import type { Timeouts } from "./timeouts.ts";

/** One deadline after the other, of which at most one is set; for the phases of a conversation. */
export class Deadline implements Disposable {
  readonly #timeouts: Timeouts;
  readonly #timer = new WheelTimer(() => this.#expire());
  #onExpire: (() => void) | undefined;

  constructor(timeouts: Timeouts) {
    this.#timeouts = timeouts;
  }

  /** Calls `onExpire` in `delayMs`, unless it is set anew or cleared before. */
  set(delayMs: number, onExpire: () => void): void {
    this.#onExpire = onExpire;
    this.#timeouts.schedule(this.#timer, delayMs);
  }

  /** Starts the time of the deadline that is set anew. */
  extend(delayMs: number): void {
    if (this.#onExpire !== undefined) this.#timeouts.schedule(this.#timer, delayMs);
  }

  clear(): void {
    this.#onExpire = undefined;
    this.#timeouts.cancel(this.#timer);
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  #expire(): void {
    const onExpire = this.#onExpire;
    this.#onExpire = undefined;
    onExpire?.();
  }
}
