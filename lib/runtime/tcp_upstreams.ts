import type { UpstreamConfig } from "../config/types.ts";
import type { Backend } from "../core/types.ts";
import { Opening } from "../proxy/opening.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import type { WarmConn } from "../proxy/warm_conn.ts";
import { WarmPool } from "../proxy/warm_pool.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";

/** One upstream of one thread with the connections that it keeps ready for TCP listeners. */
export class TcpUpstreamParts implements Disposable {
  readonly #config: UpstreamConfig;
  readonly #upstream: BalancedUpstream;
  readonly #thread: ThreadParts;
  readonly #opening: Opening;
  readonly #pools = new Map<Backend, WarmPool>();

  constructor(config: UpstreamConfig, upstream: BalancedUpstream, thread: ThreadParts) {
    this.#config = config;
    this.#opening = new Opening(config, thread);
    this.#upstream = upstream;
    this.#thread = thread;
  }

  /** An open connection that nobody has used, if there is one. */
  take(backend: Backend): WarmConn | undefined {
    return this.#pools.get(backend)?.take();
  }

  /** Keeps as many ready as are wanted, to backends that get new clients, and to no others. */
  sweep(): void {
    for (const backend of this.#upstream.backends.values()) this.#addPool(backend);
    for (const [backend, pool] of this.#pools) {
      if (this.#upstream.backends.get(backend.id) !== backend) this.#pools.delete(backend);
      if (this.#upstream.isInRotation(backend)) pool.sweep();
      else pool.clear();
    }
  }

  [Symbol.dispose](): void {
    for (const pool of this.#pools.values()) pool.closeAll();
  }

  #addPool(backend: Backend): void {
    if (this.#pools.has(backend)) return;
    const { pool, connectTimeoutMs } = this.#config;
    const [thread, opening] = [this.#thread, this.#opening];
    this.#pools.set(backend, new WarmPool({ backend, pool, connectTimeoutMs, opening, thread }));
  }
}
