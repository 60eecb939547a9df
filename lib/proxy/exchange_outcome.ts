import { LbError, type LbErrorCode } from "../core/errors.ts";
import type { Outcome } from "../core/types.ts";
import type { ExchangeError, ExchangeFault } from "./exchange_error.ts";
import type { LocalAnswer } from "./local_answer.ts";
import type { Overload } from "./waiting_room.ts";
import type { AttemptFailure } from "./retry.ts";

const NO_BACKEND: LocalAnswer = { status: 503, reason: "no_backend" };

const ANSWERS: Readonly<Record<ExchangeFault | Overload, LocalAnswer>> = {
  connect: { status: 502, reason: "connect_failed" },
  connect_timeout: { status: 504, reason: "timeout" },
  tls_failed: { status: 502, reason: "tls_failed" },
  pool_exhausted: { status: 503, reason: "pool_exhausted" },
  queue_full: { status: 503, reason: "queue_full" },
  queue_timeout: { status: 503, reason: "queue_timeout" },
  reset: { status: 502, reason: "upstream_reset" },
  timeout: { status: 504, reason: "timeout" },
  bad_response: { status: 502, reason: "bad_response" },
  status_502: { status: 502, reason: "upstream_status" },
  status_503: { status: 503, reason: "upstream_status" },
  status_504: { status: 504, reason: "upstream_status" },
  client: { status: 400, reason: "client_closed" },
  client_timeout: { status: 408, reason: "body_timeout" },
};

/** What a client is told when the last attempt has failed. */
export function answerTo(error: ExchangeError): LocalAnswer {
  return ANSWERS[error.fault];
}

/** Why there is no backend to ask. */
export interface NoBackend {
  /** Of the attempt before, if there was one. */
  readonly failure: ExchangeError | undefined;
  /** Every backend has too much work. */
  readonly overload: Overload | undefined;
  /** Why every backend is held off, in one word. */
  readonly refusal: string | undefined;
}

/** What a client is told when there is no backend to ask. */
export function answerToNone({ failure, overload, refusal }: NoBackend): LocalAnswer {
  if (failure !== undefined) return answerTo(failure);
  if (overload !== undefined) return ANSWERS[overload];
  return refusal === undefined ? NO_BACKEND : { status: 503, reason: refusal };
}

/**
 * The same for an attempt on a backend that was known to be ill, for want of better ones. That it
 * could not be reached comes to there being no backend.
 */
export function answerInPanic(error: ExchangeError): LocalAnswer {
  return UNREACHED.has(error.fault) ? { status: 503, reason: "panic" } : answerTo(error);
}

const UNREACHED: ReadonlySet<ExchangeFault> = new Set(["connect", "connect_timeout", "tls_failed"]);

/** The fault of an answer that says to try elsewhere: 502, 503 or 504. */
export function statusFault(status: number): ExchangeFault {
  if (status === 503) return "status_503";
  return status === 504 ? "status_504" : "status_502";
}

/** The failure in the words of the retry rules; `undefined` when there is no point in a retry. */
export function attemptFailure({ fault }: ExchangeError): AttemptFailure | undefined {
  switch (fault) {
    case "connect":
    case "connect_timeout":
    case "tls_failed":
    case "pool_exhausted":
      return "connect";
    case "reset":
    case "timeout":
      return fault;
    case "status_502":
      return 502;
    case "status_503":
      return 503;
    case "status_504":
      return 504;
    default:
      return undefined;
  }
}

/** Whom an attempt's end is put down to. */
export function outcomeOf(error: ExchangeError): Outcome {
  const code = blame(error);
  if (code === undefined) return { kind: "ignored" };
  return {
    kind: "failure",
    error: new LbError(code, error.message, { side: "upstream", cause: error }),
  };
}

function blame({ fault, cause }: ExchangeError): LbErrorCode | undefined {
  // Also when it shows as a connection that could not be opened in time: it was broken off.
  if (fault === "client") return undefined;
  if (cause instanceof LbError) return cause.side === "internal" ? undefined : cause.code;
  switch (fault) {
    case "reset":
    case "bad_response":
    case "status_502":
    case "status_503":
    case "status_504":
      return "upstream_reset";
    case "timeout":
      return "upstream_timeout";
    default:
      return undefined;
  }
}

/** The client is to blame. */
export function isClients({ fault }: ExchangeError): boolean {
  return fault === "client" || fault === "client_timeout";
}

/** Whether the backend did its work: 501 and 505 speak of the request (HAProxy `observe layer7`). */
export function isGood(status: number): boolean {
  return status < 500 || status === 501 || status === 505;
}
