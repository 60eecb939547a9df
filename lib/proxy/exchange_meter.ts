import type { Backend, Lease } from "../core/types.ts";
import type { ExchangeError } from "./exchange_error.ts";
import { isClients } from "./exchange_outcome.ts";
import type { HttpFront, HttpUpstream } from "./http_route.ts";
import type { HttpSession } from "./http_session.ts";
import { CLIENT_CLOSED, type RequestTrail } from "./request_trail.ts";
import type { UpstreamConn } from "./upstream_conn.ts";

/** Counts one request: each attempt as it begins, and once how it ended and what it took. */
export class ExchangeMeter {
  readonly #front: HttpFront;
  readonly #upstream: HttpUpstream;
  readonly #startMs: number;
  /** Absent where there is no access log. */
  readonly #trail: RequestTrail | undefined;
  #status = CLIENT_CLOSED;
  #backend: number | undefined;

  /** Time runs from here. */
  constructor({ front, books: { trail } }: HttpSession, upstream: HttpUpstream) {
    this.#front = front;
    this.#upstream = upstream;
    this.#trail = trail;
    this.#startMs = trail?.startMs ?? front.thread.now();
    trail?.goesTo(upstream.upstream.name);
  }

  /** A backend is tried. */
  tries(lease: Lease): void {
    this.#trail?.tries(lease);
  }

  /** Measures a wait for a backend that has room. */
  queued<T>(wait: Promise<T>): Promise<T> {
    const trail = this.#trail;
    if (trail === undefined) return wait;
    const sinceMs = this.#front.thread.now();
    return wait.finally(() => trail.queued(sinceMs));
  }

  /** Measures the opening of a connection. */
  opened<T>(opening: Promise<T>): Promise<T> {
    const trail = this.#trail;
    if (trail === undefined) return opening;
    const sinceMs = this.#front.thread.now();
    return opening.finally(() => trail.opened(sinceMs));
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
    if (backend !== undefined) this.#trail?.answering(status);
  }

  /** An attempt came to nothing. */
  failed(error: ExchangeError): void {
    this.#trail?.failed(error.fault);
  }

  /** An answer ends before its end, or there is none. */
  cut(error: ExchangeError, { backend }: Lease): void {
    const { name } = this.#upstream.upstream;
    if (!isClients(error)) this.#front.onCut(name, backend.id, error);
    this.#trail?.cutShort(error.fault);
  }

  /** The whole answer of a backend is out. */
  relayed(): void {
    const tookMs = this.end();
    this.#trail?.relayed(tookMs);
  }

  /**
   * The request has ended, with what was answered last or before an answer. To be called once.
   *
   * @returns the milliseconds that it took
   */
  end(): number {
    const tookMs = this.#front.thread.now() - this.#startMs;
    this.#front.meter.to(this.#upstream.index).ended(this.#status, this.#backend, tookMs);
    return tookMs;
  }
}
