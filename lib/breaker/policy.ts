/** When a circuit opens, for how long, and what closes it again. Durations are milliseconds. */
export interface BreakerPolicy {
  /** Failures in a row, over all threads, that open it; 0: not by these. */
  readonly failures: number;
  /** Failed share of the work within the window, above 0 to 1, that opens it; 0: not by this. */
  readonly errorRate: number;
  /** Least work within the window for its share to mean anything. */
  readonly minRequests: number;
  readonly windowMs: number;
  /** How long it stays open the first time; twice as long each time after that. */
  readonly openMs: number;
  /** The longest that it stays open, before jitter. */
  readonly maxOpenMs: number;
  /** Trials that have to pass, all of them, 1 to 63. */
  readonly halfOpenRequests: number;
}

/** By how much of itself the time is made longer at most: instances must not try in step. */
const JITTER = 0.25;

/**
 * How long a circuit stays open.
 *
 * @param openings how often in a row trials have failed, 0 or more
 * @param random uniform in [0, 1)
 */
export function openTimeMs(policy: BreakerPolicy, openings: number, random: () => number): number {
  const plainMs = Math.min(
    policy.openMs * 2 ** openings,
    Math.max(policy.openMs, policy.maxOpenMs),
  );
  return plainMs * (1 + JITTER * random());
}
