import type { BreakerPolicy } from "../breaker/policy.ts";
import type { OutlierPolicy } from "../health/outlier_policy.ts";
import type { GuardSettings } from "./schema_guard.ts";
import type { UpstreamConfig } from "./types.ts";

/** Turns what holds backends off into configuration. */
export function buildGuards(
  settings: GuardSettings,
): Pick<UpstreamConfig, "circuitBreaker" | "outlierDetection" | "panicThreshold"> {
  const { circuit_breaker: breaker, outlier_detection: outlier, panic_threshold } = settings;
  return {
    ...(breaker === undefined ? {} : { circuitBreaker: buildBreaker(breaker) }),
    ...(outlier.enabled ? { outlierDetection: buildOutlier(outlier) } : {}),
    panicThreshold: panic_threshold,
  };
}

function buildBreaker(breaker: NonNullable<GuardSettings["circuit_breaker"]>): BreakerPolicy {
  return {
    failures: breaker.failures,
    errorRate: breaker.error_rate,
    minRequests: breaker.min_requests,
    windowMs: breaker.window,
    openMs: breaker.open,
    maxOpenMs: breaker.max_open,
    halfOpenRequests: breaker.half_open_requests,
  };
}

function buildOutlier(outlier: GuardSettings["outlier_detection"]): OutlierPolicy {
  return {
    consecutiveFailures: outlier.consecutive_failures,
    consecutiveGatewayFailures: outlier.consecutive_gateway_failures,
    successRateDeviation: outlier.success_rate_deviation,
    failurePercentage: outlier.failure_percentage,
    minHosts: outlier.min_hosts,
    minRequests: outlier.min_requests,
    intervalMs: outlier.interval,
    baseEjectionMs: outlier.base_ejection,
    maxEjectionMs: outlier.max_ejection,
    maxEjectedPercent: outlier.max_ejected_percent,
  };
}
