import type { WorkTotals } from "../core/guard_word.ts";

/** Totals that were read at one moment. */
interface Sample extends WorkTotals {
  readonly atMs: number;
}

/** Work and failures of the last while, out of totals that only grow. */
export class ErrorWindow {
  readonly #windowMs: number;
  /** Oldest first; the first one is where the window begins. */
  #samples: Sample[] = [];

  /** @param windowMs how far back it reaches, in milliseconds */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Forgets everything: the window begins with `totals`. */
  restart(totals: WorkTotals, nowMs: number): void {
    this.#samples = [{ ...totals, atMs: nowMs }];
  }

  /** Takes the present totals in, and tells what came since the window began. */
  observe(totals: WorkTotals, nowMs: number): WorkTotals {
    const last = this.#samples.at(-1);
    // Ten samples to a window are fine enough.
    if (last === undefined || nowMs - last.atMs >= this.#windowMs / SAMPLES) {
      this.#samples.push({ ...totals, atMs: nowMs });
    }
    while (nowMs - (this.#samples[1]?.atMs ?? nowMs) >= this.#windowMs) this.#samples.shift();
    const first = this.#samples[0] ?? totals;
    return { done: totals.done - first.done, failed: totals.failed - first.failed };
  }
}

const SAMPLES = 10;
