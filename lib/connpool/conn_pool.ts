import { type IdleLink, IdleStack } from "./idle_stack.ts";

/** What a {@linkcode ConnPool} has to know about a connection. */
export interface Poolable<C> {
  /** `new IdleLink(this, bornMs)`, made with the connection. */
  readonly idle: IdleLink<C>;
  /** Whether it may carry another exchange: open, no byte owed to or by anybody. */
  readonly usable: boolean;
  /** Closes it at once. A second call does nothing; it may call the pool. */
  close(): void;
}

/** Limits of one pool. Times are in milliseconds. */
export interface ConnPoolOptions {
  /** Idle connections kept, 0 or more. */
  readonly maxIdle: number;
  /** Longest idle time of a connection that is handed out. */
  readonly idleTimeoutMs: number;
  /** Age at which a connection is used no more. */
  readonly maxLifetimeMs: number;
  /** Connections kept ready, 0 or more; `maxIdle` caps it. */
  readonly warm: number;
  /** Told when there are more idle connections (1) or fewer (-1). */
  readonly onIdle?: (by: 1 | -1) => void;
}

/** Idle connections that a sweep may always close; above that, half of them at once. */
const SWEPT_AT_ONCE = 16;

/**
 * Idle connections to one backend, of one thread.
 *
 * The newest goes out first: few connections stay hot and the rest run into the idle timeout, so
 * that the pool shrinks after a peak. Watching idle ones for an end of input or stray bytes is their
 * owner's part, who then calls `remove` and closes.
 */
export class ConnPool<C extends Poolable<C>> {
  readonly #options: ConnPoolOptions;
  readonly #stack = new IdleStack<C>();
  #warming = 0;
  #closed = false;

  constructor(options: ConnPoolOptions) {
    this.#options = options;
  }

  /** Idle connections. */
  get size(): number {
    return this.#stack.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Connections to open so that enough are ready. Ask in step with `sweep`, or for one when one was
   * taken, but not when one ends: a backend that hangs up on idle connections would be dialled in a
   * loop.
   */
  get wanted(): number {
    if (this.#closed) return 0;
    const { warm, maxIdle } = this.#options;
    return Math.max(0, Math.min(warm, maxIdle) - this.#stack.size - this.#warming);
  }

  /** Notes that a connection is being opened to be kept ready; `dialEnded` has to follow. */
  dialStarted(): void {
    this.#warming++;
  }

  /** Notes that it was opened, or failed; call it before `give`. */
  dialEnded(): void {
    if (this.#warming > 0) this.#warming--;
  }

  /** The connection that went idle last. Those beyond a timeout are closed on the way. */
  take(nowMs: number): C | undefined {
    for (let link = this.#pop(); link !== undefined; link = this.#pop()) {
      if (link.conn.usable && !this.#isExpired(link, nowMs)) return link.conn;
      link.conn.close();
    }
    return undefined;
  }

  /**
   * Keeps a connection for reuse, or closes it: when it is not usable, there are `maxIdle`, it is
   * too old, or the pool is closed.
   *
   * @returns whether it was kept
   * @throws {RangeError} when it was given before and not taken since
   */
  give(conn: C, nowMs: number): boolean {
    if (!conn.usable || !this.#hasRoom() || this.#isTooOld(conn.idle, nowMs)) {
      conn.close();
      return false;
    }
    this.#stack.push(conn.idle, nowMs);
    this.#options.onIdle?.(1);
    return true;
  }

  /** Forgets an idle connection without closing it; false when it is not idle here. */
  remove(conn: C): boolean {
    return this.#remove(conn.idle);
  }

  /**
   * Closes connections beyond a timeout, those idle longest first. At most half of the pool at once
   * or {@linkcode SWEPT_AT_ONCE}: a peak's connections all fall due together. The rest waits for the
   * next sweep and is not handed out.
   *
   * @returns how many were closed
   */
  sweep(nowMs: number): number {
    const most = Math.max(SWEPT_AT_ONCE, Math.ceil(this.#stack.size / 2));
    let closed = 0;
    for (let link = this.#stack.oldest; link !== undefined && closed < most;) {
      const { newer } = link;
      if (this.#isExpired(link, nowMs) && this.#remove(link)) {
        link.conn.close();
        closed++;
      }
      link = newer;
    }
    return closed;
  }

  /** Closes every idle connection; the pool goes on. For a backend that went down. */
  clear(): void {
    for (let link = this.#stack.oldest; link !== undefined; link = this.#stack.oldest) {
      this.#remove(link);
      link.conn.close();
    }
  }

  /** Closes every idle connection and from now on each that is given back. */
  closeAll(): void {
    this.#closed = true;
    this.clear();
  }

  #pop(): IdleLink<C> | undefined {
    const link = this.#stack.pop();
    if (link !== undefined) this.#options.onIdle?.(-1);
    return link;
  }

  #remove(link: IdleLink<C>): boolean {
    const removed = this.#stack.remove(link);
    if (removed) this.#options.onIdle?.(-1);
    return removed;
  }

  #hasRoom(): boolean {
    return !this.#closed && this.#stack.size < this.#options.maxIdle;
  }

  #isTooOld(link: IdleLink<C>, nowMs: number): boolean {
    return nowMs - link.bornMs >= this.#options.maxLifetimeMs;
  }

  #isExpired(link: IdleLink<C>, nowMs: number): boolean {
    return nowMs - link.sinceMs >= this.#options.idleTimeoutMs || this.#isTooOld(link, nowMs);
  }
}
