/** Time as an argument: monotonic milliseconds, and being called later. Tests pass a fake one. */
export interface Clock {
  /** Monotonic milliseconds since some fixed moment. */
  now(): number;
  /** Calls `run` once, `delayMs` from now; disposing before that calls it off. */
  after(delayMs: number, run: () => void): Disposable;
}

/** Resolves after that many milliseconds of the clock. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}
