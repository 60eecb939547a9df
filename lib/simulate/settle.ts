import { LbError, type LbErrorCode } from "../core/errors.ts";
import type { Lease, Outcome } from "../core/types.ts";
import type { AttemptFailure } from "../proxy/retry.ts";
import { CUT, REFUSED, TIMED_OUT } from "./server_farm.ts";

/** Gives a lease back, and reports how its attempt went to everyone who learns from that. */
export function settle(lease: Lease, outcome: Outcome, answered?: "well" | "badly"): void {
  if (answered !== undefined) lease.answered(answered === "well", answered === "well" ? 200 : 503);
  lease.settle(outcome);
  lease[Symbol.dispose]();
}

/** A failed attempt in the words of the retry rules. */
export function failureOf(result: number): AttemptFailure {
  switch (result) {
    case REFUSED:
      return "connect";
    case CUT:
      return "reset";
    case TIMED_OUT:
      return "timeout";
    default:
      return 503;
  }
}

/** Whom a failed attempt is put down to: always the backend. */
export function outcomeOf(failure: AttemptFailure): Outcome {
  switch (failure) {
    case "connect":
      return REFUSED_OUTCOME;
    case "timeout":
      return TIMEOUT_OUTCOME;
    default:
      return RESET_OUTCOME;
  }
}

export const SUCCESS: Outcome = { kind: "success" };
// An error takes time to make, and all that is read of these is the code.
const REFUSED_OUTCOME = failed("connect_refused");
const RESET_OUTCOME = failed("upstream_reset");
const TIMEOUT_OUTCOME = failed("upstream_timeout");

function failed(code: LbErrorCode): Outcome {
  return { kind: "failure", error: new LbError(code, "Simulated failure", { side: "upstream" }) };
}
