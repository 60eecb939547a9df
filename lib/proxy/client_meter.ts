import type { Meter } from "../core/types.ts";
import type { ListenerMeter } from "../metrics/meters.ts";

/** What of a listener's meter counts bytes. */
export type Traffic = Pick<ListenerMeter, "received" | "sent">;

/** Counts what moves between a client and a backend for both of them. */
export class ClientMeter implements Meter {
  readonly #backend: Meter;
  readonly #listener: Traffic;
  #fromClient = 0;
  #forClient = 0;

  constructor(backend: Meter, listener: Traffic) {
    this.#backend = backend;
    this.#listener = listener;
  }

  /** Bytes that the backend was sent. */
  get fromClient(): number {
    return this.#fromClient;
  }

  /** Bytes that the client was sent. */
  get forClient(): number {
    return this.#forClient;
  }

  toServer(bytes: number): void {
    this.#fromClient += bytes;
    this.#backend.toServer(bytes);
    this.#listener.received(bytes);
  }

  toClient(bytes: number): void {
    this.#forClient += bytes;
    this.#backend.toClient(bytes);
    this.#listener.sent(bytes);
  }
}
