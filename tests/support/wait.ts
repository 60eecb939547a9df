/** Long enough for a machine with two noisy cores; a test that passes never waits this long. */
export const DEADLINE_MS = 20_000;

/** Waits for `work`, but not for ever. @throws {Error} naming `what` when it takes too long */
export async function within<T>(
  what: string,
  work: PromiseLike<T>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Cannot wait for ${what}: not there after ${deadlineMs} ms`)),
    deadlineMs,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Looks again and again until `check` does not throw, and returns what it returns.
 *
 * @throws {Error} naming `what`, with the last thing that `check` threw
 */
export async function eventually<T>(
  what: string,
  check: () => T | PromiseLike<T>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) {
        throw new Error(`Cannot wait for ${what}: not so after ${deadlineMs} ms`, { cause: error });
      }
    }
    await pause(POLL_MS);
  }
}

/** For pacing and polling; never to wait for something to have happened. */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

const POLL_MS = 20;
