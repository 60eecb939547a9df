import type { PoolConfig } from "../config/types.ts";
import { ConnPool, type Poolable } from "../connpool/conn_pool.ts";
import type { Backend } from "../core/types.ts";
import type { Opening } from "./opening.ts";
import type { ThreadParts } from "./tcp_route.ts";

/** What one thread's connections to one backend are made from. */
export interface IdleConnsOptions {
  readonly backend: Backend;
  readonly pool: PoolConfig;
  readonly connectTimeoutMs: number;
  readonly opening?: Opening;
  readonly thread: ThreadParts;
}

/** Connections that are idle, counted in the shared table. */
export function createIdleConns<C extends Poolable<C>>(
  { backend: { index }, pool, thread: { table, worker } }: IdleConnsOptions,
): ConnPool<C> {
  return new ConnPool({ ...pool, onIdle: (by) => table.countBackend(worker, index, "idle", by) });
}
