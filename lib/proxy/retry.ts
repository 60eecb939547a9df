import type { RetryCondition } from "../config/types.ts";

/**
 * How an attempt failed: it was never connected, the connection ended or broke, a timeout passed
 * after it was connected, or it was answered with this status.
 */
export type AttemptFailure = "connect" | "reset" | "timeout" | number;

/** Everything that a retry depends on. */
export interface RetryContext {
  /** The connection came from the pool, reused or opened ahead of need. */
  readonly wasIdle: boolean;
  /** At least one byte of the request was handed to the connection. */
  readonly sent: boolean;
  /** At least one byte of an answer arrived. */
  readonly answered: boolean;
  /** The answer's head, or a part of it, went to the client. Interim answers do not count. */
  readonly committed: boolean;
  /** See {@linkcode isIdempotent}. */
  readonly idempotent: boolean;
  /** Everything of the request that was sent can be sent again. */
  readonly replayable: boolean;
  /** Further backends that may be tried; falls with each `retry`. */
  readonly attemptsLeft: number;
  /** How many times this request was `retry_unblamed`. */
  readonly staleRetries: number;
  /** What the upstream's configuration retries. */
  readonly on: readonly RetryCondition[];
  /** Milliseconds left for the request as a whole; `Infinity` when there is no limit. */
  readonly timeLeftMs: number;
}

/**
 * What to do after a failed attempt.
 *
 * - `retry`: on another backend; the failure counts against this one, uses up an attempt and is
 *   paid for out of the retry budget.
 * - `retry_unblamed`: a pooled connection had died unseen. The backend is not at fault, so the same
 *   one will do; on a fresh connection, at once, and for free.
 * - `fail`: the client gets the failure, or the answer with that status.
 */
export type RetryDecision = "retry" | "retry_unblamed" | "fail";

/**
 * Free retries per request. A fresh connection after the first dead one makes one enough; the second
 * is for another backend whose pool has died too.
 */
export const MAX_STALE_RETRIES = 2;

const BACKOFF_BASE_MS = 25;
const BACKOFF_CAP_MS = 250;

/** Decides by what was already sent whether a failed attempt is made again. */
export function decideRetry(failure: AttemptFailure, context: RetryContext): RetryDecision {
  if (context.committed || context.timeLeftMs <= 0 || !isRepeatable(failure, context)) {
    return "fail";
  }
  if (isStale(failure, context)) return "retry_unblamed";
  if (context.attemptsLeft <= 0) return "fail";
  const condition = conditionOf(failure);
  return condition !== undefined && context.on.includes(condition) ? "retry" : "fail";
}

/** Whether a method does the same when it is done twice (RFC 9110 section 9.2.2). */
export function isIdempotent(method: string): boolean {
  switch (method) {
    case "GET":
    case "HEAD":
    case "OPTIONS":
    case "TRACE":
    case "PUT":
    case "DELETE":
      return true;
    default:
      return false;
  }
}

/**
 * Milliseconds to wait before a retry: exponential with full jitter, so that requests which failed
 * together do not come back together.
 *
 * @param attempt number of the retry, from 1
 * @param random uniform in [0, 1)
 */
export function backoffMs(attempt: number, random: () => number): number {
  return random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (attempt - 1));
}

/**
 * As {@linkcode backoffMs}, but 0 for the first retry when a backend could not be connected to and
 * `elsewhere` says that another one is next: that one has done nothing yet that calls for mercy.
 */
export function retryDelayMs(retry: RetryStep, random: () => number): number {
  const { failure, attempt, elsewhere } = retry;
  if (failure === "connect" && attempt === 1 && elsewhere) return 0;
  return backoffMs(attempt, random);
}

/** One retry on its way. */
export interface RetryStep {
  readonly failure: AttemptFailure;
  /** Number of the retry, from 1; `retry_unblamed` does not count. */
  readonly attempt: number;
  /** It goes to a backend that this request has not been to. */
  readonly elsewhere: boolean;
}

/** Whether doing it again cannot do it twice, or doing it twice is no harm. */
function isRepeatable(failure: AttemptFailure, context: RetryContext): boolean {
  if (failure === "connect" || !context.sent) return true;
  return context.idempotent && context.replayable;
}

/** The backend closed an idle connection while the request was on its way to it. */
function isStale(failure: AttemptFailure, context: RetryContext): boolean {
  return failure === "reset" && context.wasIdle && !context.answered &&
    context.staleRetries < MAX_STALE_RETRIES;
}

/** The failure as the configuration calls it; `undefined` for a status that it has no word for. */
export function conditionOf(failure: AttemptFailure): RetryCondition | undefined {
  switch (failure) {
    case "connect":
    case "reset":
    case "timeout":
      return failure;
    case 502:
      return "status_502";
    case 503:
      return "status_503";
    case 504:
      return "status_504";
    default:
      return undefined;
  }
}
