import type { Candidate, Lease } from "../core/types.ts";
import { responseCounter } from "../core/shared_table.ts";
import { HttpParseError } from "../http/parse_error.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { ResponseHead } from "../http/response_head.ts";
import { Deadline } from "../net/deadline.ts";
import { Connecting } from "./connect.ts";
import { answerTo, attemptFailure, outcomeOf, statusFault } from "./exchange_outcome.ts";
import type { BackendPool } from "./backend_pool.ts";
import { ExchangeError } from "./exchange_error.ts";
import { forwardResponseFields } from "./forward_headers.ts";
import { Conversation } from "./http_conversation.ts";
import type { HttpRoute, HttpUpstream } from "./http_route.ts";
import type { After, HttpSession } from "./http_session.ts";
import type { LocalAnswer } from "./local_answer.ts";
import { type ExchangeRoute, prepareRequest } from "./prepare_request.ts";
import type { PreparedRequest } from "./request_sender.ts";
import { type AttemptFailure, decideRetry, isIdempotent, retryDelayMs } from "./retry.ts";
import { spliceUpgrade } from "./upgrade.ts";
import type { UpstreamConn } from "./upstream_conn.ts";

/** One request, from its head to the end of its answer, over as many attempts as it takes. */
export class HttpExchange {
  readonly #session: HttpSession;
  readonly #head: RequestHead;
  readonly #route: HttpRoute;
  readonly #upstream: HttpUpstream;
  readonly #request: PreparedRequest;
  readonly #connecting: Connecting;
  readonly #cookie: string | undefined;
  #conversation: Conversation | undefined;
  #abortSplice: (() => void) | undefined;
  #tried: Set<Candidate> | undefined;
  #retries = 0;
  #staleRetries = 0;
  #limit: Deadline | undefined;
  #isLate = false;

  constructor(session: HttpSession, head: RequestHead, { route, action }: ExchangeRoute) {
    this.#session = session;
    this.#head = head;
    this.#route = route;
    this.#upstream = action.upstream();
    this.#connecting = new Connecting(session.front.thread);
    this.#cookie = head.fields.get("cookie");
    this.#request = prepareRequest(session, head, { route, action });
  }

  /** @returns what the client's connection can be used for then */
  async run(): Promise<After> {
    const { timeoutMs } = this.#route;
    if (timeoutMs === undefined) return await this.#run();
    using limit = new Deadline(this.#session.front.thread.timeouts);
    limit.set(timeoutMs, () => this.#expire());
    this.#limit = limit;
    return await this.#run();
  }

  /** Breaks everything off. */
  abort(): void {
    this.#connecting.abort();
    this.#conversation?.abandon(new ExchangeError("client", "Weir is stopping"));
    this.#abortSplice?.();
  }

  async #run(): Promise<After> {
    this.#upstream.budget.deposit(this.#session.front.thread.timeouts.nowMs);
    let failure: ExchangeError | undefined;
    for (;;) {
      using lease = this.#acquire();
      if (lease === undefined) {
        this.#session.front.onNoBackend(this.#upstream.upstream.name);
        return await this.#answer(answerTo(failure));
      }
      const result = await this.#attempt(lease);
      if (typeof result === "string") return result;
      failure = result;
      const isAgain = await this.#prepareRetry(failure, lease);
      if (!isAgain) return await this.#answer(answerTo(failure));
    }
  }

  /** The route's time is up before the head of an answer came. */
  #expire(): void {
    this.#isLate = true;
    this.#connecting.abort();
    this.#conversation?.expire();
  }

  #acquire(): Lease | undefined {
    const { upstream, sticky } = this.#upstream;
    const bound = sticky.table?.backendFor(this.#cookie);
    const preferred = bound && upstream.acquirePreferred(bound, this.#tried);
    // With every backend tried once, a retry goes round again rather than nowhere.
    return preferred ?? upstream.acquire(0, this.#tried) ??
      (this.#tried === undefined ? undefined : upstream.acquire(0));
  }

  /** One attempt: what follows it, or why it failed and may be made again. */
  async #attempt(lease: Lease): Promise<After | ExchangeError> {
    let conn: UpstreamConn | undefined;
    this.#conversation = undefined;
    try {
      const pool = this.#upstream.poolOf(lease.backend);
      conn = this.#takeIdle(pool) ?? await pool.open(this.#connecting);
      // It may have come although nobody waits for it any more.
      if (this.#connecting.aborted) throw new ExchangeError("client", "Weir is stopping");
      this.#countUse(conn, lease);
      const conversation = new Conversation(conn, {
        session: this.#session,
        request: this.#request,
        route: this.#route,
        upstream: this.#upstream,
        lease,
      });
      this.#conversation = conversation;
      const response = await conversation.ask();
      if (response.status === 101) return await this.#switch(conn, response, lease);
      if (response.status >= 502 && this.#isToBeRetried(response.status)) {
        conn.close();
        return new ExchangeError(statusFault(response.status), String(response.status));
      }
      this.#limit?.clear();
      this.#stamp(response, lease);
      const keepsClient = await conversation.relay(response);
      if (response.keepAlive && conversation.isSent) pool.give(conn);
      else conn.close();
      lease.settle({ kind: "success" });
      this.#count(response.status);
      return keepsClient ? "next" : this.#end(conversation);
    } catch (error) {
      conn?.close();
      return await this.#fail(error, lease);
    }
  }

  /** After a dead idle connection the others are not trusted either. */
  #takeIdle(pool: BackendPool): UpstreamConn | undefined {
    return this.#staleRetries > 0 ? undefined : pool.take();
  }

  #countUse(conn: UpstreamConn, { backend }: Lease): void {
    const { table, worker } = this.#session.front.thread;
    table.countBackend(worker, backend.index, "requests");
    table.countBackend(worker, backend.index, conn.uses === 0 ? "connections" : "reuses");
    conn.uses++;
  }

  /** What is left of the request is in the way of the next one. */
  #end(conversation: Conversation): After {
    return conversation.isSent ? "close" : "linger";
  }

  /** What Weir adds to an answer on its way to the client. */
  #stamp(response: ResponseHead, { backend }: Lease): void {
    forwardResponseFields(response, this.#route.responseHeaders);
    const { table } = this.#upstream.sticky;
    if (table === undefined || table.backendFor(this.#cookie) === backend) return;
    response.fields.append("Set-Cookie", table.setCookie(backend, false));
  }

  /** The answer's status says to try elsewhere, and that is allowed and paid for. */
  #isToBeRetried(status: number): boolean {
    return this.#decide(status) === "retry" && this.#withdraw();
  }

  async #switch(conn: UpstreamConn, response: ResponseHead, lease: Lease): Promise<After> {
    if (!isAskedFor(response.upgrade, this.#request.upgrade)) {
      throw new ExchangeError("bad_response", "Backend switches to a protocol nobody asked for");
    }
    // The sender would go on reading from the client beside the tunnel.
    if (!this.#conversation?.isSent) {
      throw new ExchangeError("bad_response", "Backend switches before the request has ended");
    }
    this.#limit?.clear();
    this.#count(101);
    await spliceUpgrade(this.#session, conn, {
      response,
      route: this.#route,
      lease,
      onSplice: (abort) => this.#abortSplice = abort,
    });
    lease.settle({ kind: "success" });
    conn.close();
    return "close";
  }

  /** Makes ready for another attempt, if there is to be one. */
  async #prepareRetry(error: ExchangeError, lease: Lease): Promise<boolean> {
    const failure = attemptFailure(error);
    if (failure === undefined) {
      lease.settle(outcomeOf(error));
      return false;
    }
    // A status was weighed and paid for when its head came.
    const decision = typeof failure === "number" ? "retry" : this.#decide(failure);
    if (decision === "retry_unblamed") {
      this.#staleRetries++;
      return true;
    }
    lease.settle(outcomeOf(error));
    if (decision === "fail") return false;
    // The budget keeps retries from multiplying load; a connection refused was none.
    if (failure === "connect") this.#countRetry("retries");
    else if (typeof failure !== "number" && !this.#withdraw()) return false;
    await this.#pause(failure, lease);
    return true;
  }

  #decide(failure: AttemptFailure) {
    const conversation = this.#conversation;
    return decideRetry(failure, {
      reused: conversation?.isReused ?? false,
      sent: conversation !== undefined,
      answered: conversation?.answered ?? false,
      committed: conversation?.committed ?? false,
      idempotent: isIdempotent(this.#head.method),
      replayable: this.#request.replay.complete && this.#request.upgrade === undefined,
      attemptsLeft: this.#upstream.retry.attempts - this.#retries,
      staleRetries: this.#staleRetries,
      on: this.#upstream.retry.on,
      timeLeftMs: this.#isLate ? 0 : Infinity,
    });
  }

  #withdraw(): boolean {
    const { thread } = this.#session.front;
    const isAllowed = this.#upstream.budget.tryWithdraw(thread.timeouts.nowMs);
    this.#countRetry(isAllowed ? "retries" : "retriesDenied");
    return isAllowed;
  }

  #countRetry(counter: "retries" | "retriesDenied"): void {
    const { thread, index } = this.#session.front;
    thread.table.countListener(thread.worker, index, counter);
  }

  /** Another backend next, after a moment that grows. */
  async #pause(failure: AttemptFailure, { backend }: Lease): Promise<void> {
    this.#retries++;
    this.#tried ??= new Set();
    this.#tried.add(backend);
    const elsewhere = this.#tried.size < this.#upstream.upstream.backends.size;
    const delayMs = retryDelayMs({ failure, attempt: this.#retries, elsewhere }, Math.random);
    if (delayMs === 0) return;
    // A few milliseconds: the wheel's ticks are too coarse for that.
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }

  /** What follows a failed attempt, or the failure when another one may help. */
  async #fail(error: unknown, lease: Lease): Promise<After | ExchangeError> {
    if (this.#isLate) return new ExchangeError("timeout", "No answer in the route's time", error);
    if (error instanceof HttpParseError) {
      lease.settle({ kind: "ignored" });
      if (this.#conversation?.committed) return this.#cut();
      return await this.#answer({ status: error.status, reason: error.reason });
    }
    if (!(error instanceof ExchangeError)) throw error;
    // Ended as if complete, a cut answer would be taken for the whole one.
    if (this.#conversation?.committed || error.fault === "client") {
      lease.settle(outcomeOf(error));
      return this.#cut();
    }
    return error;
  }

  #cut(): After {
    this.#session.conn.close();
    return "close";
  }

  async #answer(answer: LocalAnswer): Promise<After> {
    return await this.#session.answer(this.#head, answer, this.#request.decoder.done);
  }

  #count(status: number): void {
    const { thread, index } = this.#session.front;
    thread.table.countListener(thread.worker, index, responseCounter(status));
  }
}

/** A switch has to be to protocols that the request named. */
function isAskedFor(given: readonly string[] | undefined, wanted: string | undefined): boolean {
  const names = wanted?.split(", ") ?? [];
  return given !== undefined && given.length > 0 && given.every((name) => names.includes(name));
}
