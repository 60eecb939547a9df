import type { Backend, Lease } from "../core/types.ts";
import { createBodyDecoder } from "../http/body.ts";
import { createLine } from "../http/fields.ts";
import { type Framing, NO_BODY } from "../http/framing.ts";
import { DEFAULT_CHUNK_LIMITS } from "../http/limits.ts";
import { HttpParseError } from "../http/parse_error.ts";
import { hasNoBody, parseResponseHead, type ResponseHead } from "../http/response_head.ts";
import { writeResponseHead } from "../http/serialize.ts";
import { decodeLatin1Fast } from "../net/latin1.ts";
import { MessageWriter, relayBody } from "./body_relay.ts";
import { ExchangeError } from "./exchange_error.ts";
import { forwardResponseFields } from "./forward_headers.ts";
import { writeGrowing, type WrittenHead } from "./head_buffer.ts";
import type { HttpSession } from "./http_session.ts";
import type { HttpRoute, HttpUpstream } from "./http_route.ts";
import { type PreparedRequest, RequestSender, type SenderEvents } from "./request_sender.ts";
import type { UpstreamConn } from "./upstream_conn.ts";

/** What one conversation works with. */
export interface ConversationOptions {
  readonly session: HttpSession;
  readonly request: PreparedRequest;
  readonly route: HttpRoute;
  readonly upstream: HttpUpstream;
  readonly lease: Lease;
}

/** One request and its answer on one connection to a backend. */
export class Conversation implements SenderEvents {
  readonly #options: ConversationOptions;
  readonly #conn: UpstreamConn;
  readonly #sender: RequestSender;
  /** The answer is out: the connection may be another conversation's by now. */
  #isOver = false;
  readonly #onLate = () => this.expire();
  #isExpired = false;
  /** Bytes are on their way to the client. */
  #isWriting = false;
  #clientFault: unknown;
  /** At least one byte of an answer arrived. */
  answered = false;
  /** The answer's head went to the client, or a part of it. */
  committed = false;

  constructor(conn: UpstreamConn, options: ConversationOptions) {
    this.#conn = conn;
    this.#options = options;
    this.#sender = new RequestSender(conn, options, this);
  }

  /** The connection came from the pool. */
  get wasIdle(): boolean {
    return this.#conn.wasIdle;
  }

  /** All of the request went out. */
  get isSent(): boolean {
    return this.#sender.isSent;
  }

  /** The next thing to happen is that the client sends more of its body. */
  get awaitsClient(): boolean {
    return this.#conn.isOpen && this.#sender.awaitsClient;
  }

  /** Sends the request and reads the answer's head. @throws {ExchangeError | HttpParseError} */
  async ask(): Promise<ResponseHead> {
    try {
      this.awaitBackend();
      this.#sender.start();
      for (let interim = 0; interim <= MAX_INTERIM; interim++) {
        let head = this.#parseHead();
        while (head === undefined) {
          if (!(await this.#conn.reader.fill())) {
            throw new ExchangeError("reset", "Backend closed the connection");
          }
          if (!this.#conn.isOpen) throw new ExchangeError("reset", "Connection was cut");
          this.answered = true;
          head = this.#parseHead();
        }
        if (head.status >= 200 || head.status === 101) return head;
        await this.#passInterim(head);
      }
      throw new ExchangeError("bad_response", "Backend does not end its interim answers");
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Carries the answer to the client. @returns whether the client's connection can go on */
  async relay(response: ResponseHead): Promise<boolean> {
    const { session, request } = this.#options;
    const { buffers } = session.front.thread;
    const body = this.#bodyFraming(response);
    const keepsClient = this.#keepsClient(body);
    if (!keepsClient) response.fields.appendLine(CLOSE);
    else if (request.head.version === 10) response.fields.appendLine(KEEP_ALIVE);
    const written = this.#writeResponseHead(response, this.#statedFraming(response, body));
    session.books.trail?.answers(written.end);
    this.committed = true;
    try {
      this.#awaitClient();
      const end = this.#appendWholeBody(response, written);
      if (end === -1) await this.#relayBody(response, body, written);
      else await this.#writeToClient(written.buffer.subarray(0, end));
      this.#isOver = true;
    } catch (error) {
      throw this.#explain(error);
    } finally {
      buffers.give(written.buffer);
    }
    return keepsClient;
  }

  /** Whom it is with. */
  get backend(): Backend {
    return this.#options.lease.backend;
  }

  /** Nothing breaks the connections any more through this: they have become something else. */
  release(): void {
    this.#isOver = true;
  }

  /** The client went away, or has to go. */
  abandon(fault: unknown): void {
    // After its time was up the client's connection is closed here, which looks like its end.
    if (this.#isOver || this.#isExpired) return;
    this.#clientFault ??= fault;
    this.#cut();
  }

  /** The backend has had its time. */
  expire(): void {
    if (this.#isOver) return;
    this.#isExpired = true;
    this.#cut();
  }

  #cut(): void {
    this.#conn.cut();
    // A write that the client does not take would never end, and what came of it is cut anyway.
    if (this.committed || this.#isWriting) this.#options.session.conn.close();
  }

  /** Listens for the client while the answer is awaited. */
  requestSent(): void {
    const { session, request } = this.#options;
    if (this.committed || this.#isOver) return;
    this.awaitBackend();
    const onGone = () => this.abandon(new ExchangeError("client", "Client went away"));
    if (request.head.keepAlive || request.upgrade !== undefined) session.watch(onGone);
    else session.watchLater(onGone);
  }

  awaitBackend(): void {
    const { session, upstream } = this.#options;
    session.deadline.set(upstream.responseTimeoutMs, this.#onLate);
  }

  /** The next head, if all of it is there. */
  #parseHead(): ResponseHead | undefined {
    const { reader, scanner, limits } = this.#conn;
    if (reader.available === 0) return undefined;
    const { buffer, start } = reader;
    const end = scanner.find(buffer, start, reader.end);
    if (end === -1) return undefined;
    const { request } = this.#options;
    const context = { requestMethod: request.head.method };
    scanner.reset();
    reader.start = end;
    return parseResponseHead(buffer, start, end, limits, decodeLatin1Fast, context);
  }

  /** 100 and 103 go on as they come; a client of HTTP/1.0 would not know them. */
  async #passInterim(head: ResponseHead): Promise<void> {
    const { session, request, route } = this.#options;
    if (request.head.version === 10) return;
    const { fields } = head;
    forwardResponseFields(head, { ...route.responseHeaders, set: [], add: [] });
    fields.delete("via");
    fields.delete("date");
    const { buffer, end } = this.#writeResponseHead(head, NO_BODY);
    this.#isWriting = true;
    try {
      await this.#writeToClient(buffer.subarray(0, end));
    } finally {
      this.#isWriting = false;
      session.front.thread.buffers.give(buffer);
    }
  }

  #writeResponseHead({ status, reason, fields }: ResponseHead, framing: Framing): WrittenHead {
    const parts = { status, reason, fields, framing };
    const { buffers } = this.#options.session.front.thread;
    return writeGrowing(buffers, (into) => writeResponseHead(into, 0, parts));
  }

  async #writeToClient(bytes: Uint8Array): Promise<void> {
    const { session } = this.#options;
    const { conn } = session;
    try {
      let written = await conn.write(bytes);
      while (written < bytes.length) written += await conn.write(bytes.subarray(written));
      session.books.sent(written);
    } catch (error) {
      throw new ExchangeError("client", "Client went away", error);
    }
  }

  /** Puts a body that is all there behind its head; the end of both, or -1 when it is not. */
  #appendWholeBody({ framing }: ResponseHead, { buffer, end }: WrittenHead): number {
    if (framing.kind === "none") return end;
    const { reader } = this.#conn;
    if (framing.kind !== "length" || framing.length > reader.available) return -1;
    const { length } = framing;
    if (end + length > buffer.length) return -1;
    buffer.set(reader.buffer.subarray(reader.start, reader.start + length), end);
    reader.start += length;
    this.#options.lease.toClient(length);
    return end + length;
  }

  async #relayBody(response: ResponseHead, body: Framing, written: WrittenHead): Promise<void> {
    const { session, lease } = this.#options;
    const decoder = createBodyDecoder(response.framing, {
      limits: DEFAULT_CHUNK_LIMITS,
      decode: decodeLatin1Fast,
      side: "response",
    });
    const writer = new MessageWriter(session.conn, body, written.buffer, written.end);
    let sentBytes = 0;
    const complete = await relayBody(this.#conn.reader, {
      decoder,
      writer,
      beforeRead: () => this.awaitBackend(),
      beforeWrite: () => this.#awaitClient(),
      onDelivered: (bytes) => {
        lease.toClient(bytes);
        session.books.sent(writer.sentBytes - sentBytes);
        sentBytes = writer.sentBytes;
      },
      isCancelled: () => !this.#conn.isOpen,
      faults: { read: "reset", write: "client" },
    });
    if (!complete) throw new ExchangeError("reset", "Backend ended its answer too early");
  }

  #awaitClient(): void {
    const { session } = this.#options;
    session.deadline.set(session.front.bodyTimeoutMs, () => {
      this.abandon(new ExchangeError("client", "Client does not take its answer"));
      session.conn.close();
    });
  }

  /** How the client learns where the body ends. */
  #bodyFraming({ framing }: ResponseHead): Framing {
    const isOld = this.#options.request.head.version === 10;
    if (framing.kind === "chunked" && isOld) return { kind: "until_close" };
    if (framing.kind === "until_close" && !isOld) return { kind: "chunked" };
    return framing;
  }

  #statedFraming({ framing, stated, status }: ResponseHead, body: Framing): Framing {
    if (framing.kind !== "none") return body;
    // An answer to HEAD and a 304 tell the length that GET would have; 204 must not (RFC 9110 8.6).
    if (hasNoBody(status) && status !== 304) return NO_BODY;
    // RFC 9112 section 6.1: HTTP/1.0 does not know chunks.
    const isOld = this.#options.request.head.version === 10;
    return isOld && stated.kind === "chunked" ? NO_BODY : stated;
  }

  #keepsClient(body: Framing): boolean {
    const { session, request } = this.#options;
    return request.head.keepAlive && this.#sender.isSent && body.kind !== "until_close" &&
      !session.isLeaving;
  }

  /** The first cause: what was closed because of it fails as well, and later. */
  #explain(error: unknown): unknown {
    if (this.#clientFault !== undefined) return this.#clientFault;
    if (this.#isExpired) return new ExchangeError("timeout", "Backend did not answer in time");
    if (error instanceof ExchangeError) return error;
    if (error instanceof HttpParseError) {
      return new ExchangeError("bad_response", error.message, error);
    }
    return new ExchangeError("reset", "Backend broke the connection", error);
  }
}

/** A backend that sends more interim answers than this is not going to stop. */
const MAX_INTERIM = 32;

const CLOSE = createLine("Connection", "close");
const KEEP_ALIVE = createLine("Connection", "keep-alive");
