import { formatAddress } from "../core/address.ts";
import { responseCounter } from "../core/shared_table.ts";
import { HeadScanner } from "../http/head_end.ts";
import { HttpParseError } from "../http/parse_error.ts";
import { parseRequestHead, type RequestHead } from "../http/request_head.ts";
import { ByteReader } from "../net/byte_reader.ts";
import { Deadline } from "../net/deadline.ts";
import { decodeLatin1Fast } from "../net/latin1.ts";
import { type Conn, writeAll } from "../net/transport.ts";
import type { KeyClient } from "./affinity_key.ts";
import { ClientPools } from "./client_pools.ts";
import { ExchangeError } from "./exchange_error.ts";
import { ForwardedFields } from "./forward_headers.ts";
import { HttpExchange } from "./http_exchange.ts";
import type { HttpFront } from "./http_route.ts";
import { type LocalAnswer, writeLocalAnswer } from "./local_answer.ts";

/** What follows a request on its connection. */
export type After =
  | "next"
  | "close"
  /** Close, but read for a moment what the client still sends. */
  | "linger";

/** One client connection: request after request, in order. */
export class HttpSession implements Disposable {
  readonly front: HttpFront;
  readonly conn: Conn;
  readonly reader: ByteReader;
  readonly deadline: Deadline;
  readonly forwarded: ForwardedFields;
  readonly client: KeyClient;
  /** Connections to backends that are this client's alone. */
  readonly pools = new ClientPools();
  readonly #scanner: HeadScanner;
  #watchDelay: Deadline | undefined;
  #exchange: HttpExchange | undefined;
  /** No head has been read yet. */
  #isFresh = true;
  #isDraining = false;
  /** It came while draining: one request is taken all the same. */
  #takesOne = false;
  /** Waiting for the first byte of a head. */
  #isIdle = false;
  #isRefused = false;
  readonly #onSlowHead = () => this.#refuseSlowHead();
  readonly #onIdleTooLong = () => this.conn.close();

  constructor(conn: Conn, front: HttpFront) {
    const { thread, headLimits } = front;
    this.front = front;
    this.conn = conn;
    this.reader = new ByteReader(conn, thread.buffers, "small");
    this.deadline = new Deadline(thread.timeouts);
    this.#scanner = new HeadScanner("request", headLimits);
    const address = conn.remote?.kind === "tcp" ? conn.remote.hostname : undefined;
    const isTrusted = address !== undefined && front.isTrusted(address);
    this.client = { address, isTrusted: front.isTrusted };
    this.forwarded = new ForwardedFields({ address, isTrusted, scheme: front.scheme ?? "http" });
  }

  /** Serves requests until the connection ends. Never rejects. */
  async run(): Promise<void> {
    try {
      const after = await this.#serve();
      // Or draining, with a further request that is not going to be answered.
      if (after === "linger" || this.reader.available > 0) await this.#linger();
    } catch {
      // The connection is broken: there is nobody to tell.
    }
  }

  /** No further request is taken; one under way is finished. */
  drain(): void {
    this.#isDraining = true;
    if (this.#isIdle && this.reader.available === 0) this.conn.close();
  }

  /** Takes one request and no other: for a connection whose beginning took until the drain. */
  takeLast(): void {
    this.#isDraining = true;
    this.#takesOne = true;
  }

  get isDraining(): boolean {
    return this.#isDraining;
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

  /** Sends an answer of Weir's own; what is left of the request makes the connection unusable. */
  async answer(
    head: RequestHead | undefined,
    answer: LocalAnswer,
    canKeep: boolean,
  ): Promise<After> {
    const { thread, index } = this.front;
    thread.table.countListener(thread.worker, index, responseCounter(answer.status));
    const keepAlive = canKeep && head !== undefined && head.keepAlive && !this.#isDraining;
    this.deadline.set(this.front.bodyTimeoutMs, () => this.conn.close());
    await writeAll(
      this.conn,
      writeLocalAnswer(answer, {
        isHead: head?.method === "HEAD",
        accept: head?.fields.get("accept"),
        keepAlive,
        isOld: head?.version === 10,
        hsts: this.front.hsts,
      }),
    );
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
        const answer = { status: error.status, reason: error.reason };
        after = await this.answer(undefined, answer, false);
      } finally {
        this.#exchange = undefined;
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
    return head;
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
    this.answer(undefined, answer, false)
      .then(() => this.#linger())
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
   * Closing on bytes that were not read makes the kernel send a reset, which can destroy the answer
   * on its way. So the end is told, and what still comes is read for a moment.
   */
  async #linger(): Promise<void> {
    const { conn, reader } = this;
    this.deadline.set(LINGER_MS, () => conn.close());
    try {
      await conn.closeWrite();
      for (let read = 0; read < LINGER_BYTES && await reader.fill();) {
        read += reader.available;
        reader.start = reader.end;
      }
    } catch {
      // Gone: so is the reason to wait.
    }
  }

  /** Name of the client for logs. */
  describe(): string | undefined {
    const { remote } = this.conn;
    return remote && formatAddress(remote);
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
const LINGER_MS = 1000;
const LINGER_BYTES = 256 * 1024;

/** The error of a client that is not there any more. */
export function clientGone(cause?: unknown): ExchangeError {
  return new ExchangeError("client", "Client went away", cause);
}
