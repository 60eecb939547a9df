/** Which backends of an upstream are worse than they may be, and for how long they are held off. */
export interface OutlierPolicy {
  /** Failures in a row, over all threads; 0: not by these. */
  readonly consecutiveFailures: number;
  /** The same for 502, 503, 504 and no answer alone. */
  readonly consecutiveGatewayFailures: number;
  /** Standard deviations below the mean success rate that are too many; 0: not by this. */
  readonly successRateDeviation: number;
  /** Failed percentage of a backend's work that is too much, up to 100; 0: not by this. */
  readonly failurePercentage: number;
  /** Least backends with enough work for the two above. */
  readonly minHosts: number;
  /** Least work of a backend in one interval for the two above. */
  readonly minRequests: number;
  /** From one comparison to the next, in milliseconds. */
  readonly intervalMs: number;
  /** How long the first ejection lasts; each further one that much longer. Milliseconds. */
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  /** Most backends ejected at once, in percent; one always may be. */
  readonly maxEjectedPercent: number;
}

/** What a backend did in one interval. */
export interface IntervalWork {
  readonly done: number;
  readonly failed: number;
}

/** Why a backend is ejected. */
export type OutlierReason =
  | "consecutive_failures"
  | "gateway_failures"
  | "success_rate"
  | "failure_percentage";

/**
 * Below this distance from the mean nobody is an outlier: among flawless backends, one failure in a
 * hundred would otherwise be 1.9 deviations away.
 */
const LEAST_GAP = 0.05;

/** Most backends of an upstream that may be ejected at once. */
export function mostEjected(policy: OutlierPolicy, backends: number): number {
  return Math.max(1, Math.floor(backends * policy.maxEjectedPercent / 100));
}

/**
 * Compares backends by what they did in the same interval, as Envoy does (success rate against mean
 * and deviation, failure percentage).
 *
 * @returns for each place in `work` why that backend is an outlier, or `undefined`
 */
export function findOutliers(
  policy: OutlierPolicy,
  work: readonly IntervalWork[],
): (OutlierReason | undefined)[] {
  const counts = ({ done }: IntervalWork) => done > 0 && done >= policy.minRequests;
  const rates = work.filter(counts).map(successRate);
  if (rates.length === 0 || rates.length < policy.minHosts) return work.map(() => undefined);
  const least = leastSuccessRate(rates, policy.successRateDeviation);
  return work.map((one) => {
    if (!counts(one)) return undefined;
    if (successRate(one) < least) return "success_rate";
    const isTooBad = policy.failurePercentage > 0 &&
      100 * one.failed >= policy.failurePercentage * one.done;
    return isTooBad ? "failure_percentage" : undefined;
  });
}

function leastSuccessRate(rates: readonly number[], deviation: number): number {
  if (deviation === 0) return -Infinity;
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  return mean - Math.max(deviation * Math.sqrt(variance), LEAST_GAP);
}

function successRate({ done, failed }: IntervalWork): number {
  return 1 - failed / done;
}
