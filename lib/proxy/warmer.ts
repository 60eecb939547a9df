import type { ConnPool, Poolable } from "../connpool/conn_pool.ts";
import { Connecting } from "./connect.ts";
import type { Opening } from "./opening.ts";
import type { ThreadParts } from "./tcp_route.ts";

/** What a {@linkcode Warmer} works with. */
export interface WarmerOptions<C extends Poolable<C>> {
  readonly pool: ConnPool<C>;
  readonly thread: ThreadParts;
  /** How connections begin; absent: with what is sent over them. */
  readonly opening?: Opening | undefined;
  /** Opens one connection; may reject. */
  readonly open: (connecting: Connecting) => Promise<C>;
  /** Puts an open connection into the pool, or closes it. */
  readonly keep: (conn: C) => void;
}

/** Opens the connections of one pool that are to be there ahead of need. */
export class Warmer<C extends Poolable<C>> {
  readonly #options: WarmerOptions<C>;
  readonly #underWay = new Set<Connecting>();

  constructor(options: WarmerOptions<C>) {
    this.#options = options;
  }

  /** Begins to open what the pool is missing, `most` connections or fewer. */
  fill(most = Infinity): void {
    const missing = Math.min(most, this.#options.pool.wanted);
    // Never rejects, and `abort` ends it.
    for (let count = 0; count < missing; count++) void this.#open();
  }

  /** Breaks off what is being opened; none of it comes into the pool. */
  abort(): void {
    for (const connecting of this.#underWay) connecting.abort();
  }

  async #open(): Promise<void> {
    const { pool, thread, opening, open, keep } = this.#options;
    const connecting = new Connecting(thread, opening?.forAll);
    this.#underWay.add(connecting);
    pool.dialStarted();
    // Tried again at the next sweep; whether the backend is well is for the health check to say.
    const conn = await open(connecting).catch(() => undefined);
    this.#underWay.delete(connecting);
    pool.dialEnded();
    if (conn === undefined) return;
    if (connecting.aborted) conn.close();
    else keep(conn);
  }
}
