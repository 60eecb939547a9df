import type { z } from "zod";
import { MAX_TRIALS } from "../core/guard_word.ts";
import { section } from "./field.ts";
import { duration, flag, ratio, wholeNumber } from "./values.ts";

/** Holds off a backend that fails, and lets it come back by and by. */
export const circuitBreaker = section({
  failures: wholeNumber(0, 10_000).prefault(5)
    .describe("Failures in a row, over all workers, that open the circuit; 0: not by these."),
  error_rate: ratio(0, 1).prefault(0.5)
    .describe("Failed share of the work within the window that opens it; 0: not by this."),
  min_requests: wholeNumber(1, 1_000_000).prefault(20)
    .describe("Least work within the window for its share of failures to mean anything."),
  window: duration({ from: "above zero" }).prefault("10s")
    .describe("How far back the share of failures is counted."),
  open: duration({ from: "above zero" }).prefault("30s").describe(
    "No work for this long, and up to a quarter more; twice as long each time trials fail.",
  ),
  max_open: duration({ from: "above zero" }).prefault("5m")
    .describe("The longest that grows to."),
  half_open_requests: wholeNumber(1, MAX_TRIALS).prefault(3)
    .describe("Trials after that time, over all workers; all have to pass."),
});

/** What counts while the configuration does not say: a page that is broken costs no backend. */
const SAFE_OUTLIERS = { consecutive_failures: 0, success_rate_deviation: 0 };

/** Holds off backends that do worse than they may, or than the others. */
export const outlierDetection = section({
  enabled: flag().prefault(true).describe("Whether any backend is ever ejected."),
  consecutive_failures: wholeNumber(0, 10_000).prefault(5).describe(
    "Failures in a row, over all workers, after which a backend is ejected: no answer, or a status " +
      "of 500 and above but 501 and 505. 0: not by these, as without this section.",
  ),
  consecutive_gateway_failures: wholeNumber(0, 10_000).prefault(5)
    .describe("The same for 502, 503, 504 and no answer alone."),
  success_rate_deviation: ratio(0, 10).prefault(1.9).describe(
    "Standard deviations below the mean success rate, and at least 5 %, after which a backend is " +
      "ejected. 0: not by this, as without this section.",
  ),
  failure_percentage: wholeNumber(0, 100).prefault(0)
    .describe("Failed percentage of its work from which a backend is ejected; 0: not by this."),
  min_hosts: wholeNumber(1, 10_000).prefault(5)
    .describe("Least backends with enough work for the two above."),
  min_requests: wholeNumber(1, 1_000_000).prefault(100)
    .describe("Least work of a backend in one interval for the two above."),
  interval: duration({ from: "above zero" }).prefault("10s")
    .describe("From one comparison of the backends to the next."),
  base_ejection: duration({ from: "above zero" }).prefault("30s")
    .describe("How long the first ejection lasts; each further one that much longer."),
  max_ejection: duration({ from: "above zero" }).prefault("5m")
    .describe("The longest that grows to."),
  max_ejected_percent: wholeNumber(1, 100).prefault(50)
    .describe("Most backends ejected at once, in percent; one always may be."),
}).prefault(SAFE_OUTLIERS).describe("Holds off backends that fail more than they may.");

/** When backends are used that are not well. */
export const panicThreshold = wholeNumber(0, 100).prefault(50).describe(
  "Percent of the weight that has to be up and not ejected, or all backends are tried; 0: never.",
);

/** Checked, with defaults. */
export interface GuardSettings {
  readonly circuit_breaker?: z.output<typeof circuitBreaker> | undefined;
  readonly outlier_detection: z.output<typeof outlierDetection>;
  readonly panic_threshold: number;
}
