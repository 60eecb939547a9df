/** How an {@linkcode AdmissionQueue} works. Times are in milliseconds. */
export interface AdmissionQueueOptions {
  /** Most that wait at once, 0 or more. */
  readonly size: number;
  /** Longest wait. */
  readonly timeoutMs: number;
  /** A wait of the first that is longer shows that the queue does not keep up. */
  readonly targetMs: number;
  /** How long it has to be so before the newest go first. */
  readonly intervalMs: number;
}

/** One place in an {@linkcode AdmissionQueue}; it may have been left. */
export interface Place<W> {
  readonly waiter: W;
  /** When it came. */
  readonly sinceMs: number;
}

/**
 * Work that waits for a free slot: first in, first out, but newest first while overloaded.
 *
 * A queue that the backends keep up with is empty now and then, or its first has not waited long.
 * Once the first has waited for more than `targetMs` during all of `intervalMs`, order has become
 * useless: each would be served when its time is nearly up. So the newest are served, in little
 * time, and the oldest are left to their timeout. That ends as soon as the first is one that has
 * waited for less. (CoDel, RFC 8289; Maurer, "Fail at Scale", ACM Queue 2015: adaptive LIFO.)
 */
export class AdmissionQueue<W> {
  readonly #options: AdmissionQueueOptions;
  #first: Link<W> | undefined;
  #last: Link<W> | undefined;
  #length = 0;
  /** Since when the first has waited for too long; may be yet to come. */
  #lateSinceMs = 0;

  constructor(options: AdmissionQueueOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#length;
  }

  /** The one that came first. */
  get first(): Place<W> | undefined {
    return this.#first;
  }

  /** A place at the end, or `undefined` when all are taken. */
  push(waiter: W, nowMs: number): Place<W> | undefined {
    if (this.#length >= this.#options.size) return undefined;
    const link: Link<W> = { waiter, sinceMs: nowMs, isIn: true, before: this.#last };
    if (this.#last === undefined) this.#setFirst(link, nowMs);
    else this.#last.after = link;
    this.#last = link;
    this.#length++;
    return link;
  }

  /** Who is to be served next; who is gets taken out by `leave`. */
  next(nowMs: number): Place<W> | undefined {
    return this.isOverloaded(nowMs) ? this.#last : this.#first;
  }

  /** The newest go first. */
  isOverloaded(nowMs: number): boolean {
    return this.#first !== undefined && nowMs - this.#lateSinceMs >= this.#options.intervalMs;
  }

  /** Gives a place up; false when that was done before. */
  leave(place: Place<W>, nowMs: number): boolean {
    const link = place as Link<W>;
    if (!link.isIn) return false;
    link.isIn = false;
    this.#length--;
    const { before, after } = link;
    if (after === undefined) this.#last = before;
    else after.before = before;
    if (before !== undefined) before.after = after;
    else this.#setFirst(after, nowMs);
    return true;
  }

  /** Takes out one that has waited for as long as it may, oldest first; to be called until none is. */
  expire(nowMs: number): Place<W> | undefined {
    const first = this.#first;
    if (first === undefined || nowMs - first.sinceMs < this.#options.timeoutMs) return undefined;
    this.leave(first, nowMs);
    return first;
  }

  #setFirst(link: Link<W> | undefined, nowMs: number): void {
    this.#first = link;
    if (link === undefined) return;
    const lateMs = link.sinceMs + this.#options.targetMs;
    // One that is late as well goes on where the one before it ended.
    if (lateMs > nowMs || this.#length === 0) this.#lateSinceMs = lateMs;
  }
}

interface Link<W> extends Place<W> {
  before?: Link<W> | undefined;
  after?: Link<W> | undefined;
  isIn: boolean;
}
