import { ConnPool, type ConnPoolOptions, type Poolable } from "../../lib/connpool/conn_pool.ts";
import { IdleLink } from "../../lib/connpool/idle_stack.ts";

/** A connection that only remembers whether it was closed. */
export class FakeConn implements Poolable<FakeConn> {
  readonly name: string;
  readonly idle: IdleLink<FakeConn>;
  usable = true;
  /** How often `close` was called. */
  closes = 0;
  /** Called by `close`, as an owner's clean-up would be. */
  onClose = () => {};

  constructor(name: string, bornMs = 0) {
    this.name = name;
    this.idle = new IdleLink<FakeConn>(this, bornMs);
  }

  close(): void {
    this.usable = false;
    this.closes++;
    this.onClose();
  }
}

/** A pool for `options`, otherwise without limits. */
export function createPool(options: Partial<ConnPoolOptions> = {}): ConnPool<FakeConn> {
  return new ConnPool({
    maxIdle: 1000,
    idleTimeoutMs: Infinity,
    maxLifetimeMs: Infinity,
    warm: 0,
    ...options,
  });
}

/** Gives `count` new connections at `nowMs`: `c0`, `c1` … */
export function fill(pool: ConnPool<FakeConn>, count: number, nowMs = 0): FakeConn[] {
  return Array.from({ length: count }, (_, index) => {
    const conn = new FakeConn(`c${index}`, nowMs);
    pool.give(conn, nowMs);
    return conn;
  });
}

/** Names of everything in the pool, in the order in which it is handed out. */
export function drainNames(pool: ConnPool<FakeConn>, nowMs = 0): string[] {
  const names: string[] = [];
  for (let conn = pool.take(nowMs); conn !== undefined; conn = pool.take(nowMs)) {
    names.push(conn.name);
  }
  return names;
}

/** Names of those that were closed. */
export function closedNames(conns: readonly FakeConn[]): string[] {
  return conns.filter((conn) => conn.closes > 0).map((conn) => conn.name);
}
