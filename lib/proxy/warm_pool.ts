import type { ConnPool } from "../connpool/conn_pool.ts";
import type { Connecting } from "./connect.ts";
import { createIdleConns, type IdleConnsOptions } from "./idle_conns.ts";
import { WarmConn } from "./warm_conn.ts";
import { Warmer } from "./warmer.ts";

/** One thread's connections to one backend that wait for clients of TCP listeners. */
export class WarmPool {
  readonly #options: IdleConnsOptions;
  readonly #idle: ConnPool<WarmConn>;
  readonly #warmer: Warmer<WarmConn>;

  constructor(options: IdleConnsOptions) {
    this.#options = options;
    this.#idle = createIdleConns(options);
    this.#warmer = new Warmer({
      pool: this.#idle,
      thread: options.thread,
      opening: options.opening,
      open: (connecting) => this.#open(connecting),
      keep: (conn) => this.#keep(conn),
    });
  }

  /** Idle connections. */
  get size(): number {
    return this.#idle.size;
  }

  /** The newest connection that is good; it is the caller's alone from here on. */
  take(): WarmConn | undefined {
    const conn = this.#idle.take(this.#options.thread.timeouts.nowMs);
    // One for one: no more dials than clients, even to a backend that hangs up on idle connections.
    if (conn !== undefined) this.#warmer.fill(1);
    return conn;
  }

  /** Closes what has been idle for too long, and opens what is missing. */
  sweep(): void {
    this.#idle.sweep(this.#options.thread.timeouts.nowMs);
    this.#warmer.fill();
  }

  /** Closes everything, also what is being opened; the next sweep opens anew. */
  clear(): void {
    this.#warmer.abort();
    this.#idle.clear();
  }

  /** As `clear`, for good. */
  closeAll(): void {
    this.#warmer.abort();
    this.#idle.closeAll();
  }

  async #open(connecting: Connecting): Promise<WarmConn> {
    const { thread, backend, connectTimeoutMs } = this.#options;
    const conn = await connecting.open(backend, connectTimeoutMs);
    return new WarmConn(conn, thread.buffers, thread.timeouts.nowMs);
  }

  #keep(conn: WarmConn): void {
    if (!this.#idle.give(conn, this.#options.thread.timeouts.nowMs)) return;
    // Never rejects, and ends when the connection is taken or closed.
    void conn.watch(() => {
      // Once it was taken, its end is for its client to see.
      if (this.#idle.remove(conn)) conn.close();
    });
  }
}
