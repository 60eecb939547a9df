import type { Meter } from "../core/types.ts";
import type { ListenerMeter } from "../metrics/meters.ts";

/** What of a listener's meter counts bytes. */
export type Traffic = Pick<ListenerMeter, "received" | "sent">;

/** Counts what moves between a client and a backend for both of them. */
export class ClientMeter implements Meter {
  readonly #backend: Meter;
  readonly #listener: Traffic;

  constructor(backend: Meter, listener: Traffic) {
    this.#backend = backend;
    this.#listener = listener;
  }

  toServer(bytes: number): void {
    this.#backend.toServer(bytes);
    this.#listener.received(bytes);
  }

  toClient(bytes: number): void {
    this.#backend.toClient(bytes);
    this.#listener.sent(bytes);
  }
}
