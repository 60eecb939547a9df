import type { Backend } from "../core/types.ts";
import { HeadScanner } from "../http/head_end.ts";
import { HttpParseError } from "../http/parse_error.ts";
import { parseRequestHead, type RequestHead } from "../http/request_head.ts";
import { ByteReader } from "../net/byte_reader.ts";
import { Deadline } from "../net/deadline.ts";
import { decodeLatin1Fast } from "../net/latin1.ts";
import { type Conn, writeAll } from "../net/transport.ts";
import { ClientPools } from "./client_pools.ts";
import { HttpExchange } from "./http_exchange.ts";
import type { FrontSource, HttpFront } from "./http_route.ts";
import { linger } from "./linger.ts";
import { headLength, type LocalAnswer, writeLocalAnswer } from "./local_answer.ts";
import { SessionBooks } from "./session_books.ts";
import { SessionClient } from "./session_client.ts";

/** What follows a request on its connection. */
export type After =
  | "next"
  | "close"
  /** Close, but read for a moment what the client still sends. */
  | "linger";

/** One client connection: request after request, in order. */
export class HttpSession implements Disposable {
  readonly conn: Conn;
  readonly reader: ByteReader;
  readonly deadline: Deadline;
  /** Connections to backends that are this client's alone. */
  readonly pools = new ClientPools();
  readonly books: SessionBooks;
  readonly #source: FrontSource;
  #front: HttpFront;
  #client: SessionClient;
  #scanner: HeadScanner;
  #watchDelay: Deadline | undefined;
  #exchange: HttpExchange | undefined;
  /** No head has been read yet. */
  #isFresh = true;
  #isDraining = false;
  #isRetired = false;
  /** It came while draining: one request is taken all the same. */
  #takesOne = false;
  /** Waiting for the first byte of a head. */
  #isIdle = false;
  #isRefused = false;
  readonly #onSlowHead = () => this.#refuseSlowHead();
  readonly #onIdleTooLong = () => this.conn.close();

  constructor(conn: Conn, source: FrontSource) {
    const { front } = source;
    this.#source = source;
    this.conn = conn;
    const count = (bytes: number) => this.books.received(bytes);
    this.reader = new ByteReader(conn, front.thread.buffers, "small", count);
    this.deadline = new Deadline(front.thread.timeouts);
    this.books = new SessionBooks(this);
    this.#front = front;
    this.#scanner = new HeadScanner("request", front.headLimits);
    this.#client = new SessionClient(conn, front);
  }

  /** What the request under way goes by. */
  get front(): HttpFront {
    return this.#front;
  }

  get client(): SessionClient {
    return this.#client;
  }

  /** Where the request under way is; absent while it is nowhere. */
  get backend(): Backend | undefined {
    return this.#exchange?.backend;
  }

  /** Serves requests until the connection ends. Never rejects. */
  async run(): Promise<void> {
    try {
      const after = await this.#serve();
      // Or draining, with a further request that is not going to be answered.
      if (after === "linger" || this.reader.available > 0) await linger(this);
    } catch {
      // The connection is broken: there is nobody to tell.
    }
  }

  /** No further request is taken; one under way is finished. */
  drain(): void {
    this.#isDraining = true;
    if (this.#isIdle && this.reader.available === 0) this.conn.close();
  }

  /** The next request is the last one that is taken. */
  retire(): void {
    this.#isRetired = true;
  }

  /** Takes one request and no other: for a connection whose beginning took until the drain. */
  takeLast(): void {
    this.#isDraining = true;
    this.#takesOne = true;
  }

  /** The connection ends with the answer that is under way. */
  get isLeaving(): boolean {
    return this.#isDraining || this.#isRetired;
  }

  /** Cuts the connection now. */
  abort(): void {
    this.#exchange?.abort();
    this.conn.close();
  }

  [Symbol.dispose](): void {
    this.deadline[Symbol.dispose]();
    this.#watchDelay?.[Symbol.dispose]();
    this.pools[Symbol.dispose]();
    this.conn.close();
    this.reader.release();
  }

  /** Sends an answer of Weir's own to a request that was for no upstream, as below. */
  answer(head: RequestHead | undefined, answer: LocalAnswer, canKeep: boolean): Promise<After> {
    this.front.meter.answered(answer.status);
    return this.send(head, answer, canKeep);
  }

  /** Sends an answer of Weir's own; what is left of the request makes the connection unusable. */
  async send(
    head: RequestHead | undefined,
    answer: LocalAnswer,
    canKeep: boolean,
  ): Promise<After> {
    const { meter } = this.front;
    meter.rejected(answer.reason);
    const keepAlive = canKeep && head !== undefined && head.keepAlive && !this.isLeaving;
    this.deadline.set(this.front.bodyTimeoutMs, () => this.conn.close());
    const bytes = writeLocalAnswer(answer, {
      isHead: head?.method === "HEAD",
      accept: head?.fields.get("accept"),
      keepAlive,
      isOld: head?.version === 10,
      hsts: this.front.hsts,
    });
    this.books.trail?.answered(answer.status, answer.reason, headLength(bytes));
    await writeAll(this.conn, bytes);
    this.books.sent(bytes.length);
    if (keepAlive) return "next";
    return "linger";
  }

  /** One request after the other; what follows the last of them. */
  async #serve(): Promise<After> {
    let after: After = "next";
    while (after === "next" && (!this.#isDraining || this.#takesOne)) {
      this.#takesOne = false;
      try {
        const head = await this.#readHead();
        if (head === undefined) return "close";
        this.#count();
        after = await this.#handle(head);
      } catch (error) {
        if (!(error instanceof HttpParseError)) throw error;
        this.books.beginBroken();
        const answer = { status: error.status, reason: error.reason };
        after = await this.answer(undefined, answer, false);
      } finally {
        this.#exchange = undefined;
        this.books.end();
      }
    }
    return after;
  }

  /** The next head, or `undefined` when the client has none to send. @throws {HttpParseError} */
  async #readHead(): Promise<RequestHead | undefined> {
    const { reader, front } = this;
    let hasBegun = reader.available > 0;
    this.#setHeadDeadline(hasBegun);
    for (;;) {
      const end = reader.available === 0
        ? -1
        : this.#scanner.find(reader.buffer, reader.start, reader.end);
      if (end !== -1) return this.#parseHead(end);
      this.#isIdle = !hasBegun;
      const more = await reader.fill();
      this.#isIdle = false;
      if (!more || this.#isRefused) return undefined;
      if (hasBegun) continue;
      hasBegun = true;
      // The time of the first head has been running since the connection was accepted.
      if (!this.#isFresh) this.deadline.set(front.headerTimeoutMs, this.#onSlowHead);
    }
  }

  #parseHead(end: number): RequestHead {
    const { reader, front } = this;
    const start = reader.start + this.#scanner.skippedBytes;
    this.deadline.clear();
    this.#scanner.reset();
    this.#isFresh = false;
    const head = parseRequestHead(reader.buffer, start, end, front.headLimits, decodeLatin1Fast);
    reader.start = end;
    if (this.#source.front !== front) this.#adopt(this.#source.front);
    this.books.begin(head, start);
    return head;
  }

  /** The configuration has changed: this request is the first to go by the new one. */
  #adopt(front: HttpFront): void {
    this.#front = front;
    this.#scanner = new HeadScanner("request", front.headLimits);
    this.#client = new SessionClient(this.conn, front);
  }

  #setHeadDeadline(hasBegun: boolean): void {
    const { headerTimeoutMs, idleTimeoutMs } = this.front;
    const isDue = hasBegun || this.#isFresh;
    if (isDue) this.deadline.set(headerTimeoutMs, this.#onSlowHead);
    else this.deadline.set(idleTimeoutMs, this.#onIdleTooLong);
  }

  /** A head that does not end: an answer, and the end of the connection under the pending read. */
  #refuseSlowHead(): void {
    // Not a byte of it came: there is nothing to answer to.
    if (this.#isIdle) return this.conn.close();
    this.#isRefused = true;
    const answer = { status: 408, reason: "header_timeout" };
    this.books.beginBroken();
    this.answer(undefined, answer, false)
      .finally(() => this.books.end())
      .then(() => linger(this))
      .catch(() => {})
      .finally(() => this.conn.close());
  }

  /** Not async, and others that only hand on a promise: a turn each of the microtask queue. */
  #handle(head: RequestHead): Promise<After> {
    if (head.method === "CONNECT") {
      const fields = [["Allow", "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS, TRACE"]] as const;
      return this.answer(head, { status: 405, reason: "connect_refused", fields }, false);
    }
    const route = this.front.route(head);
    const hasBody = head.framing.kind !== "none";
    const refusal = this.front.refuse?.(this.client, head, route);
    if (refusal !== undefined) return this.answer(head, refusal, !hasBody);
    if (route === undefined) {
      return this.answer(head, { status: 404, reason: "no_route" }, !hasBody);
    }
    if (route.action.kind === "answer") {
      const { answer } = route.action;
      return this.answer(head, typeof answer === "function" ? answer(head) : answer, !hasBody);
    }
    if (this.#isTooLarge(head)) {
      return this.answer(head, { status: 413, reason: "body_too_large" }, false);
    }
    const exchange = new HttpExchange(this, head, { route, action: route.action });
    this.#exchange = exchange;
    return exchange.run();
  }

  #isTooLarge({ framing }: RequestHead): boolean {
    const { bodyBytes } = this.front.limits;
    return bodyBytes > 0 && framing.kind === "length" && framing.length > bodyBytes;
  }

  #count(): void {
    const { thread, index } = this.front;
    thread.table.countListener(thread.worker, index, "requests");
  }

  /**
   * The client has to be heard while its answer is on the way: its end ends the exchange. One that has
   * sent more already, such as the next request, is not heard before that has been read: its end is
   * behind it. Until then timeouts are the bound.
   */
  watch(onGone: () => void): void {
    if (this.reader.available > 0) return;
    this.reader.fill().then((more) => {
      if (!more) onGone();
    }, onGone);
  }

  /**
   * The same for a client that sends no further request: where the read cannot be the first one of
   * the next head, it is begun only once the answer takes its time. Breaking it off with the
   * connection costs as much as a tenth of all the work that a short connection makes.
   */
  watchLater(onGone: () => void): void {
    this.#watchDelay ??= new Deadline(this.front.thread.timeouts);
    this.#watchDelay.set(WATCH_DELAY_MS, () => this.watch(onGone));
  }
}

/** Most answers are through by then. */
const WATCH_DELAY_MS = 100;
