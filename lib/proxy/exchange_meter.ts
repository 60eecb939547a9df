import type { Backend, Lease } from "../core/types.ts";
import type { HttpFront, HttpUpstream } from "./http_route.ts";
import type { UpstreamConn } from "./upstream_conn.ts";

/** Counts one request: each attempt as it begins, and once how it ended and what it took. */
export class ExchangeMeter {
  readonly #front: HttpFront;
  readonly #upstream: HttpUpstream;
  readonly #startMs: number;
  #status = CLIENT_CLOSED;
  #backend: number | undefined;

  /** Time runs from here. */
  constructor(front: HttpFront, upstream: HttpUpstream) {
    this.#front = front;
    this.#upstream = upstream;
    this.#startMs = front.thread.now();
  }

  /** A connection is used for an attempt. */
  use(conn: UpstreamConn, { backend }: Lease): void {
    const { table, worker } = this.#front.thread;
    table.countBackend(worker, backend.index, "requests");
    table.countBackend(worker, backend.index, conn.uses === 0 ? "connections" : "reuses");
    conn.uses++;
  }

  /** An answer begins: the backend's, or one of Weir's own. */
  answering(status: number, backend?: Backend): void {
    this.#status = status;
    this.#backend = backend?.index;
  }

  /** The request has ended, with what was answered last or before an answer. To be called once. */
  end(): void {
    const tookMs = this.#front.thread.now() - this.#startMs;
    this.#front.meter.to(this.#upstream.index).ended(this.#status, this.#backend, tookMs);
  }
}

/** No status that anybody sent: how NGINX logs a client that went away before its answer. */
const CLIENT_CLOSED = 499;
