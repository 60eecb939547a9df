/**
 * Place of one connection in an {@linkcode IdleStack}. Made once per connection, so that going in
 * and out of the stack allocates nothing.
 */
export class IdleLink<C> {
  readonly conn: C;
  /** When the connection was opened, in monotonic milliseconds. */
  readonly bornMs: number;
  /** When it went idle last. */
  sinceMs = 0;
  /** The stack that it is in; `undefined` while the connection is in use. */
  stack: IdleStack<C> | undefined;
  older: IdleLink<C> | undefined;
  newer: IdleLink<C> | undefined;

  constructor(conn: C, bornMs: number) {
    this.conn = conn;
    this.bornMs = bornMs;
  }
}

/** Connections in the order in which they went idle. Every change is O(1). */
export class IdleStack<C> {
  #newest: IdleLink<C> | undefined;
  #oldest: IdleLink<C> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): IdleLink<C> | undefined {
    return this.#oldest;
  }

  /** Puts `link` on top. @throws {RangeError} when it is in a stack already */
  push(link: IdleLink<C>, nowMs: number): void {
    // In twice would mean handed out twice: the bytes of one client would reach another.
    if (link.stack !== undefined) {
      throw new RangeError("Cannot put connection on the idle stack: it is on one already");
    }
    link.stack = this;
    link.sinceMs = nowMs;
    link.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = link;
    else this.#newest.newer = link;
    this.#newest = link;
    this.#size++;
  }

  /** Takes the link off the top. */
  pop(): IdleLink<C> | undefined {
    const link = this.#newest;
    if (link !== undefined) this.remove(link);
    return link;
  }

  /** Takes `link` out; false when it is not in this stack. */
  remove(link: IdleLink<C>): boolean {
    if (link.stack !== this) return false;
    const { older, newer } = link;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    link.older = undefined;
    link.newer = undefined;
    link.stack = undefined;
    this.#size--;
    return true;
  }
}
