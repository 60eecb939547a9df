import type { Backend, Lease } from "../core/types.ts";
import { HttpParseError } from "../http/parse_error.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { ResponseHead } from "../http/response_head.ts";
import { Deadline } from "../net/deadline.ts";
import { Connecting } from "./connect.ts";
import {
  answerInPanic,
  answerTo,
  answerToNone,
  isGood,
  outcomeOf,
  statusFault,
} from "./exchange_outcome.ts";
import type { ExchangePool } from "./backend_pool.ts";
import { ExchangeError } from "./exchange_error.ts";
import { ExchangeMeter } from "./exchange_meter.ts";
import { forwardResponseFields } from "./forward_headers.ts";
import { Conversation } from "./http_conversation.ts";
import type { HttpRoute, HttpUpstream } from "./http_route.ts";
import { LeaseSearch } from "./lease_search.ts";
import type { After, HttpSession } from "./http_session.ts";
import type { LocalAnswer } from "./local_answer.ts";
import { type ExchangeRoute, prepareRequest } from "./prepare_request.ts";
import type { PreparedRequest } from "./request_sender.ts";
import { type AttemptState, RetryPlan } from "./retry_plan.ts";
import { isAskedFor, spliceUpgrade } from "./upgrade.ts";
import type { UpstreamConn } from "./upstream_conn.ts";

/** One request, from its head to the end of its answer, over as many attempts as it takes. */
export class HttpExchange {
  readonly #session: HttpSession;
  readonly #head: RequestHead;
  readonly #route: HttpRoute;
  readonly #upstream: HttpUpstream;
  readonly #request: PreparedRequest;
  readonly #plan: RetryPlan;
  readonly #connecting: Connecting;
  readonly #search: LeaseSearch;
  readonly #meter: ExchangeMeter;
  #conversation: Conversation | undefined;
  #abortSplice: (() => void) | undefined;
  #endPause: (() => void) | undefined;
  /** Why the attempt before this one failed. */
  #failure: ExchangeError | undefined;
  /** The backend of this attempt was known to be ill. */
  #isLastResort = false;
  #limit: Deadline | undefined;
  /** The route's time is up: whose fault that is. */
  #late: ExchangeError | undefined;

  constructor(session: HttpSession, head: RequestHead, { route, action }: ExchangeRoute) {
    this.#session = session;
    this.#head = head;
    this.#route = route;
    this.#upstream = action.upstream();
    this.#meter = new ExchangeMeter(session, this.#upstream);
    const beginning = this.#upstream.opening?.forClient(session.conn);
    this.#connecting = new Connecting(session.front.thread, beginning);
    const isSticky = this.#upstream.sticky.table !== undefined;
    const cookie = isSticky ? head.fields.get("cookie") : undefined;
    const key = this.#upstream.key?.(session.client, head) ?? 0;
    this.#request = prepareRequest(session, head, { route, action });
    const { front } = session;
    this.#plan = new RetryPlan({ front, upstream: this.#upstream, request: this.#request });
    this.#search = new LeaseSearch(this.#upstream, this.#plan, { key, cookie });
  }

  /** Absent while it has none. */
  get backend(): Backend | undefined {
    return this.#conversation?.backend;
  }

  /** @returns what the client's connection can be used for then */
  run(): Promise<After> {
    const { timeoutMs } = this.#route;
    return timeoutMs === undefined ? this.#run() : this.#runWithin(timeoutMs);
  }

  async #runWithin(timeoutMs: number): Promise<After> {
    using limit = new Deadline(this.#session.front.thread.timeouts);
    limit.set(timeoutMs, () => this.#expire());
    this.#limit = limit;
    return await this.#run();
  }

  /** Breaks everything off. */
  abort(): void {
    this.#abandon("Weir is stopping");
    this.#abortSplice?.();
  }

  async #run(): Promise<After> {
    this.#upstream.budget.deposit(this.#session.front.thread.timeouts.nowMs);
    for (;;) {
      const lease = this.#search.atOnce() ?? await this.#wait();
      // No slot of a backend is held while its client is answered, nor in a pause.
      const next = lease === undefined ? this.#refuse() : await this.#attempt(lease);
      if (typeof next === "string") return next;
      if (typeof next !== "number") return await this.#answer(next);
      await this.#pause(next);
      if (this.#late !== undefined) return await this.#answer(answerTo(this.#late));
      if (this.#connecting.aborted) return this.#cut();
    }
  }

  /** The route's time is up before the head of an answer came. */
  #expire(): void {
    const why = "No answer in the route's time";
    // A backend that has not got the whole body owes no answer yet.
    const awaitsClient = this.#conversation?.awaitsClient ?? false;
    this.#late = new ExchangeError(awaitsClient ? "client_timeout" : "timeout", why);
    this.#connecting.abort();
    this.#conversation?.expire();
    this.#endPause?.();
  }

  #abandon(why: string): void {
    this.#connecting.abort();
    this.#conversation?.abandon(new ExchangeError("client", why));
    this.#endPause?.();
  }

  /** Hears of the client's end while no conversation listens for it. */
  #watchClient(): void {
    this.#session.watch(() => this.#abandon("Client went away"));
  }

  get #state(): AttemptState {
    return { conversation: this.#conversation, isLate: this.#late !== undefined };
  }

  /** Every backend may have all the work that it is allowed. */
  async #wait(): Promise<Lease | undefined> {
    if (!this.#search.canWait) return undefined;
    this.#watchClient();
    this.#endPause = () => this.#search.leave();
    return await this.#meter.queued(this.#search.wait());
  }

  #refuse(): After | LocalAnswer {
    if (this.#late !== undefined) return answerTo(this.#late);
    if (this.#connecting.aborted) return this.#cut();
    const { front } = this.#session;
    const { overload } = this.#search;
    const { upstream } = this.#upstream;
    const refusal = upstream.refusal();
    if (overload === undefined) front.onNoBackend(upstream.name, refusal);
    // Else it is the failure before that the client is told of.
    else if (this.#failure === undefined) front.onOverload(upstream.name, overload);
    return answerToNone({ failure: this.#failure, overload, refusal });
  }

  /** What follows an attempt: also an answer to give, or the milliseconds to wait for the next. */
  async #attempt(lease: Lease): Promise<After | LocalAnswer | number> {
    using _slot = lease;
    // What ended while it waited for that slot.
    if (this.#late !== undefined) return answerTo(this.#late);
    if (this.#connecting.aborted) return this.#cut();
    this.#meter.tries(lease);
    let conn: UpstreamConn | undefined;
    this.#conversation = undefined;
    this.#isLastResort = this.#upstream.upstream.isLastResort(lease.backend);
    try {
      const pool = this.#session.pools.of(this.#upstream.poolOf(lease.backend));
      conn = this.#takeIdle(pool) ?? await this.#open(pool);
      // It may have come although nobody waits for it any more.
      if (this.#connecting.aborted) throw new ExchangeError("client", "Weir is stopping");
      this.#meter.use(conn, lease);
      const conversation = new Conversation(conn, {
        session: this.#session,
        request: this.#request,
        route: this.#route,
        upstream: this.#upstream,
        lease,
      });
      this.#conversation = conversation;
      const response = await conversation.ask();
      lease.answered(isGood(response.status), response.status);
      if (response.status === 101) return await this.#switch(conn, response, lease);
      if (response.status >= 502 && this.#plan.takesElsewhere(response.status, this.#state)) {
        throw new ExchangeError(statusFault(response.status), String(response.status));
      }
      this.#limit?.clear();
      this.#meter.answering(response.status, lease.backend);
      this.#stamp(response, lease);
      const keepsClient = await conversation.relay(response);
      if (response.keepAlive && conversation.isSent) pool.give(conn);
      else conn.close();
      lease.settle({ kind: "success" });
      this.#meter.relayed();
      return keepsClient ? "next" : this.#end(conversation);
    } catch (error) {
      conn?.close();
      return this.#fail(error, lease);
    }
  }

  #takeIdle(pool: ExchangePool): UpstreamConn | undefined {
    return this.#plan.wantsFresh ? undefined : pool.take();
  }

  async #open(pool: ExchangePool): Promise<UpstreamConn> {
    this.#watchClient();
    return await this.#meter.opened(pool.open(this.#connecting));
  }

  /** What is left of the request is in the way of the next one. */
  #end(conversation: Conversation): After {
    return conversation.isSent ? "close" : "linger";
  }

  /** What Weir adds to an answer on its way to the client. */
  #stamp(response: ResponseHead, { backend }: Lease): void {
    forwardResponseFields(response, this.#route.responseHeaders);
    const { table } = this.#upstream.sticky;
    if (table === undefined || this.#search.bound === backend) return;
    response.fields.append("Set-Cookie", table.setCookie(backend, false));
  }

  async #switch(conn: UpstreamConn, response: ResponseHead, lease: Lease): Promise<After> {
    if (!isAskedFor(response.upgrade, this.#request.upgrade)) {
      throw new ExchangeError("bad_response", "Backend switches to a protocol nobody asked for");
    }
    // The sender would go on reading from the client beside the tunnel.
    if (!this.#conversation?.isSent) {
      throw new ExchangeError("bad_response", "Backend switches before the request has ended");
    }
    this.#conversation.release();
    this.#limit?.clear();
    // What follows is a tunnel, which takes as long as it likes.
    this.#meter.answering(101, lease.backend);
    this.#meter.end();
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

  /** Ends early when everything is broken off. */
  async #pause(delayMs: number): Promise<void> {
    if (delayMs === 0) return;
    this.#watchClient();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endPause = resolve;
    // A few milliseconds: the wheel's ticks are too coarse for that.
    const timer = setTimeout(resolve, delayMs);
    await promise;
    clearTimeout(timer);
  }

  /** What follows a failed attempt. */
  #fail(error: unknown, lease: Lease): After | LocalAnswer | number {
    if (this.#late !== undefined) return this.#tryAgain(this.#late, lease);
    if (error instanceof HttpParseError) {
      lease.settle({ kind: "ignored" });
      if (this.#conversation?.committed) return this.#cut();
      return { status: error.status, reason: error.reason };
    }
    if (!(error instanceof ExchangeError)) throw error;
    const isCommitted = this.#conversation?.committed ?? false;
    if (!isCommitted && error.fault !== "client") return this.#tryAgain(error, lease);
    lease.settle(outcomeOf(error));
    this.#meter.cut(error, lease);
    // Ended as if complete, a cut answer would be taken for the whole one.
    return this.#cut();
  }

  /** The time until another attempt, or the answer when there is to be none. */
  #tryAgain(failure: ExchangeError, lease: Lease): LocalAnswer | number {
    this.#failure = failure;
    this.#meter.failed(failure);
    const answer = this.#isLastResort ? answerInPanic(failure) : answerTo(failure);
    return this.#plan.prepare(failure, lease, this.#state) ?? answer;
  }

  #cut(): After {
    this.#meter.end();
    this.#session.conn.close();
    return "close";
  }

  async #answer(answer: LocalAnswer): Promise<After> {
    this.#meter.answering(answer.status);
    this.#meter.end();
    return await this.#session.send(this.#head, answer, this.#request.decoder.done);
  }
}
