import type { Conn } from "../net/transport.ts";
import type { HttpFront } from "./http_route.ts";
import { HttpSession } from "./http_session.ts";

/** Carries the requests of one HTTP listener. */
export class HttpProxy {
  readonly #front: HttpFront;
  readonly #open = new Set<HttpSession>();
  #isDraining = false;

  constructor(front: HttpFront) {
    this.#front = front;
  }

  /** Connections under way. */
  get active(): number {
    return this.#open.size;
  }

  /** Serves one client connection to its end and closes it. Never rejects. */
  async handle(client: Conn): Promise<void> {
    using session = new HttpSession(client, this.#front);
    this.#open.add(session);
    // Accepted before, or there would be no listener; its handshake has ended only now.
    if (this.#isDraining) session.takeLast();
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

  /** Cuts every connection. */
  abortAll(): void {
    for (const session of this.#open) session.abort();
  }
}
