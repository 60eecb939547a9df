import type { Lease } from "../core/types.ts";
import type { BodyDecoder } from "../http/body.ts";
import { HttpParseError } from "../http/parse_error.ts";
import type { RequestHead } from "../http/request_head.ts";
import { writeRequestHead } from "../http/serialize.ts";
import { MessageWriter, relayBody } from "./body_relay.ts";
import { ExchangeError } from "./exchange_error.ts";
import { writeGrowing, type WrittenHead } from "./head_buffer.ts";
import type { HttpSession } from "./http_session.ts";
import type { ReplayStore } from "./replay_store.ts";
import type { UpstreamConn } from "./upstream_conn.ts";

/** A request as every attempt sends it. */
export interface PreparedRequest {
  readonly head: RequestHead;
  /** Target as the backend gets it. */
  readonly target: string;
  /** Finds the body's end; shared by all attempts, because the client sends it once. */
  readonly decoder: BodyDecoder;
  /** What of the body was sent, to be sent again. */
  readonly replay: ReplayStore;
  readonly upgrade: string | undefined;
}

/** What a {@linkcode RequestSender} works with. */
export interface SenderOptions {
  readonly session: HttpSession;
  readonly request: PreparedRequest;
  readonly lease: Lease;
}

/** Whom a {@linkcode RequestSender} tells how it ended. */
export interface SenderEvents {
  /** It waits for the backend to take bytes from here on. */
  awaitBackend(): void;
  /** All of the request went out. */
  requestSent(): void;
  /** The client went away, was too slow, or sent nonsense. */
  abandon(fault: unknown): void;
}

/** Sends one request on one connection, while the answer may be coming already. */
export class RequestSender {
  readonly #conn: UpstreamConn;
  readonly #options: SenderOptions;
  readonly #events: SenderEvents;
  #isSent = false;
  #awaitsClient = false;

  constructor(conn: UpstreamConn, options: SenderOptions, events: SenderEvents) {
    this.#conn = conn;
    this.#options = options;
    this.#events = events;
  }

  /** All of the request went out. */
  get isSent(): boolean {
    return this.#isSent;
  }

  /** It waits for the client to send more of the request's body. */
  get awaitsClient(): boolean {
    return this.#awaitsClient;
  }

  start(): void {
    const written = this.#writeHead();
    // Neither rejects.
    if (this.#options.request.head.framing.kind === "none") void this.#sendHead(written);
    else void this.#sendWithBody(written);
  }

  #writeHead(): WrittenHead {
    const { session, request } = this.#options;
    const { method, fields, framing } = request.head;
    const parts = { method, target: request.target, fields, framing };
    const { buffers } = session.front.thread;
    return writeGrowing(buffers, (into) => writeRequestHead(into, 0, parts));
  }

  /** The usual request: one write, and nothing to wait for. */
  async #sendHead({ buffer, end }: WrittenHead): Promise<void> {
    const { conn } = this.#conn;
    try {
      let written = await conn.write(buffer.subarray(0, end));
      while (written < end) written += await conn.write(buffer.subarray(written, end));
      this.#end();
    } catch {
      // A backend that stopped reading may still have answered: reading decides.
    } finally {
      this.#options.session.front.thread.buffers.give(buffer);
    }
  }

  async #sendWithBody({ buffer, end }: WrittenHead): Promise<void> {
    const { session, request } = this.#options;
    try {
      const writer = new MessageWriter(this.#conn.conn, request.head.framing, buffer, end);
      await this.#relay(writer);
      this.#end();
    } catch (error) {
      // As above, but for what the client did.
      if (isClients(error)) this.#events.abandon(error);
    } finally {
      session.front.thread.buffers.give(buffer);
    }
  }

  async #relay(writer: MessageWriter): Promise<void> {
    const { session, request, lease } = this.#options;
    for (const bytes of request.replay.chunks) await writer.body(bytes, 0, bytes.length);
    const isComplete = await relayBody(session.reader, {
      decoder: request.decoder,
      writer,
      onData: (bytes, from, to) => this.#onData(bytes, from, to),
      beforeRead: () => this.#beforeRead(),
      beforeWrite: () => this.#beforeWrite(),
      onDelivered: (bytes) => lease.toServer(bytes),
      isCancelled: () => !this.#conn.isOpen,
      faults: { read: "client", write: "reset" },
    });
    if (!isComplete) throw new ExchangeError("client", "Client ended its body too early");
  }

  #onData(bytes: Uint8Array, from: number, to: number): void {
    const { session, request } = this.#options;
    const totalBytes = request.replay.add(bytes, from, to);
    const { bodyBytes } = session.front.limits;
    if (bodyBytes > 0 && totalBytes > bodyBytes) {
      throw new HttpParseError(413, "body_too_large", "body is over the limit");
    }
  }

  #beforeWrite(): void {
    this.#awaitsClient = false;
    this.#events.awaitBackend();
  }

  #beforeRead(): void {
    const { session } = this.#options;
    this.#awaitsClient = true;
    session.deadline.set(session.front.bodyTimeoutMs, () => {
      const fault = new ExchangeError("client_timeout", "Client is too slow with its body");
      this.#events.abandon(fault);
    });
  }

  #end(): void {
    this.#isSent = true;
    this.#events.requestSent();
  }
}

function isClients(error: unknown): boolean {
  return error instanceof HttpParseError ||
    (error instanceof ExchangeError && error.fault === "client");
}
