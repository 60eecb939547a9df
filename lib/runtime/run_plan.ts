import type { MetricPlan } from "../metrics/metric_layout.ts";
import type { PlacedConfig } from "./layout.ts";
import type { PlanMessage } from "./messages.ts";
import type { SharedLimits } from "./shared_limits.ts";

/** A configuration with what its limits share, as the supervisor has it. */
export interface RunPlan {
  readonly config: PlacedConfig;
  readonly limits: SharedLimits;
  /** Buckets of the rate limits, for all threads. */
  readonly rates: readonly SharedArrayBuffer[];
  readonly metricPlan: MetricPlan;
}

/** The same on its way to a thread. */
export function planMessage({ config, limits, rates, metricPlan }: RunPlan): PlanMessage {
  return { config, limits: limits.buffers, rates, metricPlan };
}
