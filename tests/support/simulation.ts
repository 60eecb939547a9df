import type { BreakerPolicy } from "../../lib/breaker/policy.ts";
import type { OutlierPolicy } from "../../lib/health/outlier_policy.ts";
import type { AlgorithmResult } from "../../lib/simulate/result.ts";
import { runAlgorithm } from "../../lib/simulate/result.ts";
import type { BackendSpec } from "../../lib/core/types.ts";
import { type FaultContext, parseFault } from "../../lib/simulate/parse_fault.ts";
import type { SimulatedCheck } from "../../lib/simulate/simulated_checks.ts";
import type { DrawnLoad, Plan } from "../../lib/simulate/plan.ts";

/** What differs from the plain plan: ten backends with a slot each at load 0.7. */
export interface PlanOptions extends Partial<Plan> {
  readonly weights?: readonly number[];
  readonly ratePerS?: number;
  readonly requests?: number;
  readonly service?: DrawnLoad["service"];
  /** Faults as they are written. */
  readonly fault?: readonly string[];
}

/** Backends of the given weights. */
export function specsOf(weights: readonly number[]): BackendSpec[] {
  return weights.map((weight, index) => ({
    id: `b${index}`,
    address: { kind: "tcp", hostname: "127.0.0.1", port: 80 },
    weight,
  }));
}

/** The usual check. */
export const CHECK: SimulatedCheck = {
  detector: { kind: "threshold" },
  intervalMs: 1000,
  fastIntervalMs: 1000,
  timeoutMs: 1000,
  rise: 2,
  fall: 3,
  initial: "probe",
  proof: "answer",
};

/** A circuit breaker and outlier detection as a configuration has them that says nothing else. */
export const BREAKER: BreakerPolicy = {
  failures: 5,
  errorRate: 0.5,
  minRequests: 20,
  windowMs: 10_000,
  openMs: 30_000,
  maxOpenMs: 300_000,
  halfOpenRequests: 3,
};
export const OUTLIER: OutlierPolicy = {
  consecutiveFailures: 5,
  consecutiveGatewayFailures: 0,
  successRateDeviation: 0,
  failurePercentage: 0,
  minHosts: 5,
  minRequests: 100,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedPercent: 50,
};

/** A plan that can be run. Rates count in requests a second, times are milliseconds. */
export function planOf(options: PlanOptions = {}): Plan {
  const { weights = Array.from({ length: 10 }, () => 1), requests = 20_000 } = options;
  const { service = { distribution: "exponential", meanMs: 10 }, fault = [] } = options;
  const ratePerS = options.ratePerS ?? 70 * weights.length;
  const durationMs = requests / ratePerS * 1000;
  const context: FaultContext = { backends: weights.length, durationMs };
  return {
    algorithms: ["round_robin", "least_connections"],
    scenario: "steady",
    backends: specsOf(weights),
    slowStartMs: 0,
    speeds: weights.map(() => 1),
    concurrency: 1,
    timeoutMs: 60_000,
    faultTexts: fault,
    faults: fault.flatMap((text) => parseFault(text, context)),
    check: CHECK,
    retry: {
      attempts: 2,
      on: ["connect", "reset", "timeout", "status_502", "status_503", "status_504"],
      budget: 0.2,
    },
    seed: 1,
    durationMs,
    load: { kind: "poisson", ratePerS, service, keys: { count: 1000, zipf: 1.1 } },
    limit: { requests, durationMs: Infinity },
    ...options,
  };
}

/** What `algorithm` makes of a plan. */
export function resultOf(algorithm: string, options: PlanOptions = {}): AlgorithmResult {
  return runAlgorithm(planOf(options), algorithm);
}
