import type { Candidate, Lease } from "../core/types.ts";
import type { RetryReason } from "../metrics/reasons.ts";
import type { ExchangeError } from "./exchange_error.ts";
import { attemptFailure, outcomeOf } from "./exchange_outcome.ts";
import type { Conversation } from "./http_conversation.ts";
import type { HttpFront, HttpUpstream } from "./http_route.ts";
import type { PreparedRequest } from "./request_sender.ts";
import {
  type AttemptFailure,
  conditionOf,
  decideRetry,
  isIdempotent,
  type RetryDecision,
  retryDelayMs,
} from "./retry.ts";

/** What a {@linkcode RetryPlan} works with. */
export interface RetryPlanOptions {
  readonly front: HttpFront;
  readonly upstream: HttpUpstream;
  readonly request: PreparedRequest;
}

/** How far an attempt came. */
export interface AttemptState {
  /** Absent when no connection could be had. */
  readonly conversation: Conversation | undefined;
  /** The time for the request as a whole is up. */
  readonly isLate: boolean;
}

/** The attempts at one request: where they went, and whether there is to be another one. */
export class RetryPlan {
  readonly #options: RetryPlanOptions;
  #tried: Set<Candidate> | undefined;
  #retries = 0;
  #staleRetries = 0;

  constructor(options: RetryPlanOptions) {
    this.#options = options;
  }

  /** Backends that failed, once there are any. */
  get tried(): ReadonlySet<Candidate> | undefined {
    return this.#tried;
  }

  /** An idle connection turned out dead: the others are not trusted either. */
  get wantsFresh(): boolean {
    return this.#staleRetries > 0;
  }

  /** An answer's status says to try elsewhere, and that is allowed and paid for. */
  takesElsewhere(status: number, state: AttemptState): boolean {
    return this.#decide(status, state) === "retry" && this.#withdraw(status);
  }

  /**
   * Makes ready for another attempt, and puts the failure down to whom it belongs.
   *
   * @returns milliseconds until that attempt, or `undefined` when there is to be none
   */
  prepare(error: ExchangeError, lease: Lease, state: AttemptState): number | undefined {
    const failure = attemptFailure(error);
    if (failure === undefined) {
      lease.settle(outcomeOf(error));
      return undefined;
    }
    // A status was weighed and paid for when its head came.
    const decision = typeof failure === "number" ? "retry" : this.#decide(failure, state);
    if (decision === "retry_unblamed") {
      this.#staleRetries++;
      this.#count("stale");
      return 0;
    }
    lease.settle(outcomeOf(error));
    if (decision === "fail") return undefined;
    // The budget keeps retries from multiplying load; a connection refused was none.
    if (failure === "connect") this.#count("connect");
    else if (typeof failure !== "number" && !this.#withdraw(failure)) return undefined;
    return this.#delayMs(failure, lease);
  }

  #decide(failure: AttemptFailure, { conversation, isLate }: AttemptState): RetryDecision {
    const { request, upstream } = this.#options;
    return decideRetry(failure, {
      wasIdle: conversation?.wasIdle ?? false,
      sent: conversation !== undefined,
      answered: conversation?.answered ?? false,
      committed: conversation?.committed ?? false,
      idempotent: isIdempotent(request.head.method),
      replayable: request.replay.complete && request.upgrade === undefined,
      attemptsLeft: upstream.retry.attempts - this.#retries,
      staleRetries: this.#staleRetries,
      on: upstream.retry.on,
      timeLeftMs: isLate ? 0 : Infinity,
    });
  }

  #withdraw(failure: AttemptFailure): boolean {
    const { front: { thread, index }, upstream } = this.#options;
    const isAllowed = upstream.budget.tryWithdraw(thread.timeouts.nowMs);
    const reason = conditionOf(failure);
    if (isAllowed && reason !== undefined) this.#count(reason);
    if (!isAllowed) thread.table.countListener(thread.worker, index, "retriesDenied");
    return isAllowed;
  }

  #count(reason: RetryReason): void {
    const { front, upstream } = this.#options;
    front.meter.to(upstream.index).retried(reason);
  }

  /** Another backend next, after a moment that grows. */
  #delayMs(failure: AttemptFailure, { backend }: Lease): number {
    this.#retries++;
    this.#tried ??= new Set();
    this.#tried.add(backend);
    const elsewhere = this.#tried.size < this.#options.upstream.upstream.backends.size;
    return retryDelayMs({ failure, attempt: this.#retries, elsewhere }, Math.random);
  }
}
