/**
 * Abort controllers of one thread, kept for reuse: one that was never aborted is as good as new, and
 * making one costs as much as a system call.
 */
export class Aborters {
  readonly #free: AbortController[] = [];

  take(): AbortController {
    return this.#free.pop() ?? new AbortController();
  }

  /** Hands one back that nothing refers to any more. */
  give(aborter: AbortController): void {
    if (!aborter.signal.aborted && this.#free.length < MAX_KEPT) this.#free.push(aborter);
  }
}

/** As many as connect at once on a busy thread. */
const MAX_KEPT = 256;
