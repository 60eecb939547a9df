import type { ConnPool } from "../connpool/conn_pool.ts";
import { LbError } from "../core/errors.ts";
import type { HeadLimits } from "../http/limits.ts";
import type { Connecting } from "./connect.ts";
import { ExchangeError } from "./exchange_error.ts";
import { createIdleConns, type IdleConnsOptions } from "./idle_conns.ts";
import { UpstreamConn } from "./upstream_conn.ts";
import { Warmer } from "./warmer.ts";

/** What a {@linkcode BackendPool} works with. */
export interface BackendPoolOptions extends IdleConnsOptions {
  readonly headLimits: HeadLimits;
}

/** One thread's connections to one backend. */
export class BackendPool {
  readonly #options: BackendPoolOptions;
  readonly #idle: ConnPool<UpstreamConn>;
  readonly #warmer: Warmer<UpstreamConn>;

  constructor(options: BackendPoolOptions) {
    this.#options = options;
    this.#idle = createIdleConns(options);
    this.#warmer = new Warmer({
      pool: this.#idle,
      thread: options.thread,
      open: (connecting) => this.#open(connecting),
      keep: (conn) => this.give(conn),
    });
  }

  /** Idle connections. */
  get size(): number {
    return this.#idle.size;
  }

  /** The idle connection used last, if there is one that is good. */
  take(): UpstreamConn | undefined {
    const conn = this.#idle.take(this.#options.thread.timeouts.nowMs);
    if (conn !== undefined) conn.wasIdle = true;
    return conn;
  }

  /** A new connection. @throws {ExchangeError} */
  async open(connecting: Connecting): Promise<UpstreamConn> {
    try {
      return await this.#open(connecting);
    } catch (error) {
      if (error instanceof ExchangeError && error.fault === "pool_exhausted") {
        this.#countExhausted();
      }
      throw error;
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

  /** Closes what has been idle for too long. */
  sweep(): void {
    this.#idle.sweep(this.#options.thread.timeouts.nowMs);
  }

  /** Opens what is to be kept ready. */
  warm(): void {
    this.#warmer.fill();
  }

  /** Breaks off what is being opened to be kept ready. */
  stopWarming(): void {
    this.#warmer.abort();
  }

  /** Closes what is idle, also what is being opened to be kept ready. For a backend that is down. */
  clear(): void {
    this.stopWarming();
    this.#idle.clear();
  }

  /** As `clear`, for good: what is given back is closed as well. */
  closeAll(): void {
    this.stopWarming();
    this.#idle.closeAll();
  }

  async #open(connecting: Connecting): Promise<UpstreamConn> {
    const { thread, backend, pool, connectTimeoutMs, headLimits } = this.#options;
    const { table, worker, buffers } = thread;
    if (!table.tryOpenBackend(worker, backend.index, pool.maxActive)) {
      throw new ExchangeError("pool_exhausted", "Backend is at max_active");
    }
    const release = () => table.closedBackend(worker, backend.index);
    try {
      const conn = await connecting.open(backend, connectTimeoutMs);
      const bornMs = thread.timeouts.nowMs;
      return new UpstreamConn(conn, { buffers, limits: headLimits, bornMs, onClose: release });
    } catch (error) {
      release();
      if (connecting.aborted) throw new ExchangeError("client", "Client went away", error);
      const isLate = error instanceof LbError && error.code === "connect_timeout";
      throw new ExchangeError(isLate ? "connect_timeout" : "connect", String(error), error);
    }
  }

  /** A client has been turned away; connections that nobody waits for are not counted. */
  #countExhausted(): void {
    const { thread, backend } = this.#options;
    thread.table.countBackend(thread.worker, backend.index, "poolExhausted");
  }
}
