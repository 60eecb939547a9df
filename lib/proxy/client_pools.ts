import type { BackendPool, ExchangePool } from "./backend_pool.ts";

/**
 * Idle connections that no other client may use, because a PROXY header has named this one: at most
 * one to a backend, since a client of HTTP/1.1 asks for one thing at a time.
 */
export class ClientPools implements Disposable {
  #pools: Map<BackendPool, ExchangePool & { closeAll(): void }> | undefined;

  /** What the client uses of `pool`: all of it, unless its connections name clients. */
  of(pool: BackendPool): ExchangePool {
    if (!pool.isPerClient) return pool;
    this.#pools ??= new Map();
    const known = this.#pools.get(pool);
    if (known !== undefined) return known;
    const own = pool.forOneClient();
    this.#pools.set(pool, own);
    return own;
  }

  /** Closes what is idle, and what is given back from here on. */
  [Symbol.dispose](): void {
    for (const pool of this.#pools?.values() ?? []) pool.closeAll();
  }
}
