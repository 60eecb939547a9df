import type { MetricPlan } from "../metrics/metric_layout.ts";
import type { ListenerCertificates } from "./fronts.ts";
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
  /** What listeners that end TLS show now: asked for each thread that starts. */
  readonly certificates: () => ListenerCertificates;
}

/** The same on its way to a thread. */
export function planMessage(plan: RunPlan): PlanMessage {
  const { limits, certificates } = plan;
  return { ...plan, limits: limits.buffers, certificates: certificates() };
}
