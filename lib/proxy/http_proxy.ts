import type { Conn } from "../net/transport.ts";
import type { HttpFront } from "./http_route.ts";
import { HttpSession } from "./http_session.ts";

/** Carries the requests of one HTTP listener. */
export class HttpProxy {
  #front: HttpFront;
  readonly #open = new Set<HttpSession>();
  #isDraining = false;
  #isRetired = false;

  constructor(front: HttpFront) {
    this.#front = front;
  }

  /** Connections under way. */
  get active(): number {
    return this.#open.size;
  }

  /** What requests that come from now on go by. */
  get front(): HttpFront {
    return this.#front;
  }

  /** Has requests that come from now on go by another front, those of open connections too. */
  reroute(front: HttpFront): void {
    this.#front = front;
  }

  /** Serves one client connection to its end and closes it. Never rejects. */
  async handle(client: Conn): Promise<void> {
    using session = new HttpSession(client, this);
    this.#open.add(session);
    // Accepted before, or there would be no listener; its handshake has ended only now.
    if (this.#isDraining) session.takeLast();
    if (this.#isRetired) session.retire();
    try {
      await session.run();
    } finally {
      this.#open.delete(session);
    }
  }

  /** Requests under way are finished; idle connections are closed. */
  drain(): void {
    this.#isDraining = true;
    for (const session of this.#open) session.drain();
  }

  /**
   * Each connection is closed with the answer to its next request. An idle one stays open for that:
   * its client may be about to send one.
   */
  retire(): void {
    this.#isRetired = true;
    for (const session of this.#open) session.retire();
  }

  /** Cuts every connection. */
  abortAll(): void {
    for (const session of this.#open) session.abort();
  }

  /** Cuts the connections whose request is at one of those places in the shared table. */
  abortBackends(places: ReadonlySet<number>): void {
    for (const session of this.#open) {
      if (session.backend !== undefined && places.has(session.backend.index)) session.abort();
    }
  }
}
