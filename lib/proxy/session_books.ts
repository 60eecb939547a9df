import type { RequestHead } from "../http/request_head.ts";
import type { HttpSession } from "./http_session.ts";
import { RequestTrail } from "./request_trail.ts";

/** Counts the bytes of one client connection, and keeps the trail of the request under way. */
export class SessionBooks {
  readonly #session: Pick<HttpSession, "front" | "client" | "reader">;
  #trail: RequestTrail | undefined;
  #isOpen = false;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(session: Pick<HttpSession, "front" | "client" | "reader">) {
    this.#session = session;
  }

  /** Of the request under way; absent where there is neither access log nor tracing. */
  get trail(): RequestTrail | undefined {
    return this.#isOpen ? this.#trail : undefined;
  }

  /** Bytes came from the client. */
  received(bytes: number): void {
    this.#session.front.meter.received(bytes);
    this.#bytesIn += bytes;
  }

  /** Bytes went to the client. */
  sent(bytes: number): void {
    this.#session.front.meter.sent(bytes);
    this.#bytesOut += bytes;
  }

  /**
   * A request begins.
   *
   * @param head absent when none could be read
   * @param start where it begins in the reader's buffer
   */
  begin(head: RequestHead | undefined, start: number): void {
    const { front, client, reader } = this.#session;
    this.#isOpen = front.access !== undefined || front.tracer !== undefined;
    if (!this.#isOpen) return;
    const bytesIn = this.#bytesIn - (reader.end - start);
    const begin = { front, client, head, bytesIn, bytesOut: this.#bytesOut };
    if (this.#trail === undefined) this.#trail = new RequestTrail(begin);
    else this.#trail.begin(begin);
  }

  /** No head could be read: what there is of it is what will be logged. */
  beginBroken(): void {
    if (!this.#isOpen) this.begin(undefined, this.#session.reader.start);
  }

  /** The request has ended. A second call does nothing. */
  end(): void {
    const { trail } = this;
    if (trail === undefined) return;
    this.#isOpen = false;
    // What a client has sent behind its request belongs to the next one.
    const ahead = trail.method === "" ? 0 : this.#session.reader.available;
    trail.end(this.#bytesIn - ahead, this.#bytesOut);
  }
}
