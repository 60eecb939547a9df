import { Consecutive, type ConsecutiveOptions } from "./consecutive.ts";
import type { FailureDetector, InitialState } from "./failure_detector.ts";
import { PhiAccrual, type PhiAccrualOptions } from "./phi_accrual.ts";

/** What a configuration says of how results become up or down. */
export interface DetectorPolicy extends ConsecutiveOptions, Pick<PhiAccrualOptions, "intervalMs"> {
  readonly initial: InitialState;
  readonly detector:
    | { readonly kind: "threshold" }
    | ({ readonly kind: "phi_accrual" } & Pick<PhiAccrualOptions, "threshold" | "pauseMs">);
}

/** @param nowMs when it begins to listen, in its own time */
export function createDetector(policy: DetectorPolicy, nowMs: number): FailureDetector {
  const { detector, intervalMs, rise, initial } = policy;
  if (detector.kind === "threshold") return new Consecutive(policy);
  const { threshold, pauseMs } = detector;
  return new PhiAccrual({ threshold, pauseMs, intervalMs, rise, initial, nowMs });
}

/** How often silence is looked at; a look at a backend takes a microsecond. Milliseconds. */
export const EVALUATE_MS = 250;
