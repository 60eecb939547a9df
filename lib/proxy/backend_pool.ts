import type { PoolConfig } from "../config/types.ts";
import { ConnPool } from "../connpool/conn_pool.ts";
import type { Backend } from "../core/types.ts";
import { LbError } from "../core/errors.ts";
import type { HeadLimits } from "../http/limits.ts";
import { Connecting } from "./connect.ts";
import { ExchangeError } from "./exchange_error.ts";
import type { ThreadParts } from "./tcp_route.ts";
import { UpstreamConn } from "./upstream_conn.ts";

/** What a {@linkcode BackendPool} works with. */
export interface BackendPoolOptions {
  readonly backend: Backend;
  readonly pool: PoolConfig;
  readonly connectTimeoutMs: number;
  readonly headLimits: HeadLimits;
  readonly thread: ThreadParts;
}

/** One thread's connections to one backend. */
export class BackendPool {
  readonly #options: BackendPoolOptions;
  readonly #idle: ConnPool<UpstreamConn>;

  constructor(options: BackendPoolOptions) {
    this.#options = options;
    this.#idle = new ConnPool(options.pool);
  }

  /** Idle connections. */
  get size(): number {
    return this.#idle.size;
  }

  /** The idle connection used last, if there is one that is good. */
  take(): UpstreamConn | undefined {
    return this.#idle.take(this.#options.thread.timeouts.nowMs);
  }

  /** A new connection. @throws {ExchangeError} */
  async open(connecting: Connecting): Promise<UpstreamConn> {
    const { thread, backend, pool, connectTimeoutMs, headLimits } = this.#options;
    const { table, worker, buffers } = thread;
    if (!table.tryOpenBackend(worker, backend.index, pool.maxActive)) {
      table.countBackend(worker, backend.index, "poolExhausted");
      throw new ExchangeError("pool_exhausted", "Backend is at max_active");
    }
    const release = () => table.closedBackend(worker, backend.index);
    try {
      const conn = await connecting.open(backend.spec.address, connectTimeoutMs);
      const bornMs = thread.timeouts.nowMs;
      return new UpstreamConn(conn, { buffers, limits: headLimits, bornMs, onClose: release });
    } catch (error) {
      release();
      if (connecting.aborted) throw new ExchangeError("client", "Client went away", error);
      const isLate = error instanceof LbError && error.code === "connect_timeout";
      throw new ExchangeError(isLate ? "connect_timeout" : "connect", String(error), error);
    }
  }

  /** Takes back a connection after a complete exchange; it is watched while it is idle. */
  give(conn: UpstreamConn): void {
    if (!this.#idle.give(conn, this.#options.thread.timeouts.nowMs)) return;
    const uses = conn.uses;
    conn.watch(() => {
      // Taken meanwhile: then what came is the answer that its taker waits for.
      if (conn.uses !== uses || !this.#idle.remove(conn)) return;
      conn.close();
    });
  }

  /** Closes what has been idle for too long, and opens what is to be kept ready. */
  sweep(): void {
    this.#idle.sweep(this.#options.thread.timeouts.nowMs);
    // Never rejects.
    for (let missing = this.#idle.wanted; missing > 0; missing--) void this.#warm();
  }

  async #warm(): Promise<void> {
    this.#idle.dialStarted();
    try {
      const conn = await this.open(new Connecting(this.#options.thread));
      this.#idle.dialEnded();
      this.give(conn);
    } catch {
      // Tried again at the next sweep; whether the backend is well is for the health check to say.
      this.#idle.dialEnded();
    }
  }

  closeAll(): void {
    this.#idle.closeAll();
  }
}
