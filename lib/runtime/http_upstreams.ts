import type { UpstreamConfig } from "../config/types.ts";
import type { Backend } from "../core/types.ts";
import { DEFAULT_HEAD_LIMITS } from "../http/limits.ts";
import { RetryBudget } from "../limit/retry_budget.ts";
import { requestKey } from "../proxy/affinity_key.ts";
import { BackendPool } from "../proxy/backend_pool.ts";
import type { HttpUpstream } from "../proxy/http_route.ts";
import { Opening } from "../proxy/opening.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import type { WaitingRoom } from "../proxy/waiting_room.ts";
import { StickyTable } from "../upstream/sticky.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";

/** What {@linkcode HttpUpstreamParts} are built from. */
export interface HttpUpstreamOptions {
  readonly config: UpstreamConfig;
  /** Place of the upstream among those of the configuration. */
  readonly index: number;
  readonly upstream: BalancedUpstream;
  /** Absent where backends take as much work as comes. */
  readonly room?: WaitingRoom | undefined;
  readonly thread: ThreadParts;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** One upstream of one thread with its connections for HTTP. */
export class HttpUpstreamParts implements Disposable {
  readonly http: HttpUpstream;
  readonly #pools = new Map<Backend, BackendPool>();
  readonly #config: UpstreamConfig;
  readonly #thread: ThreadParts;
  readonly #opening: Opening;
  #keepsReady: boolean;

  constructor({ config, index, upstream, room, thread, random }: HttpUpstreamOptions) {
    this.#config = config;
    this.#thread = thread;
    this.#opening = new Opening(config, thread);
    this.#keepsReady = config.pool.warm > 0;
    this.http = {
      index,
      upstream,
      room,
      poolOf: (backend) => this.#poolOf(backend),
      opening: this.#opening,
      key: requestKey(config.hashKey, random),
      retry: config.retry,
      budget: new RetryBudget({ ratio: config.retry.budget }),
      responseTimeoutMs: config.responseTimeoutMs,
      sticky: { table: undefined },
    };
  }

  /** Computes what sticky sessions need; until then requests go anywhere. */
  async prepare(): Promise<void> {
    const { sticky } = this.#config;
    if (sticky === undefined) return;
    const backends = this.http.upstream.backends.values();
    const { cookie, secret, ttlMs } = sticky;
    this.http.sticky.table = await StickyTable.create(cookie, secret, ttlMs, backends);
  }

  /**
   * Closes connections that have been idle for too long and all to backends that are held off or in
   * maintenance, and opens those to be kept ready, to backends that get new requests. A backend that comes back may
   * have been restarted, or cut off, without a word on its old connections: a request that may not
   * be sent twice would be lost on the first of them.
   */
  sweep(): void {
    const { upstream } = this.http;
    if (this.#keepsReady) {
      for (const backend of upstream.backends.values()) this.#poolOf(backend);
    }
    for (const [backend, pool] of this.#pools) {
      if (upstream.backends.get(backend.id) !== backend) this.#drop(backend, pool);
      else if (upstream.isHeldOff(backend)) pool.clear();
      pool.sweep();
      if (this.#keepsReady && upstream.isInRotation(backend)) pool.warm();
    }
  }

  /** From now on no connection is opened but for a request that waits for it. */
  stopWarming(): void {
    this.#keepsReady = false;
    for (const pool of this.#pools.values()) pool.stopWarming();
  }

  [Symbol.dispose](): void {
    for (const pool of this.#pools.values()) pool.closeAll();
  }

  /** It is no member any more: connections in use are closed as they are given back. */
  #drop(backend: Backend, pool: BackendPool): void {
    pool.closeAll();
    this.#pools.delete(backend);
  }

  #poolOf(backend: Backend): BackendPool {
    const known = this.#pools.get(backend);
    if (known !== undefined) return known;
    const pool = new BackendPool({
      backend,
      pool: this.#config.pool,
      connectTimeoutMs: this.#config.connectTimeoutMs,
      opening: this.#opening,
      headLimits: { ...DEFAULT_HEAD_LIMITS, headBytes: MAX_RESPONSE_HEAD_BYTES },
      thread: this.#thread,
    });
    this.#pools.set(backend, pool);
    return pool;
  }
}

/** Backends set larger heads than clients: many long cookies, security policies. */
const MAX_RESPONSE_HEAD_BYTES = 64 * 1024;
