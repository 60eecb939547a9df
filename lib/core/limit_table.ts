import type { TableShape } from "./shared_table.ts";

/** A queue of waiting work of one upstream, over all threads. */
export interface QueueLook {
  readonly length: number;
  /** How long the one that came first has been waiting, in milliseconds; 0 when nobody is. */
  readonly longestWaitMs: number;
}

/**
 * What threads share of limits: slots of backends, which are exact over all of them, and who waits
 * for one.
 *
 * Each thread's own part of the slots stands beside the total, so that it can be given back when the
 * thread dies. Moments are milliseconds of one clock for all threads, modulo 2^32.
 */
export class LimitTable {
  readonly buffer: SharedArrayBuffer;
  readonly #shape: TableShape;
  readonly #cells: Int32Array;
  readonly #places: Places;

  constructor(buffer: SharedArrayBuffer, shape: TableShape) {
    this.buffer = buffer;
    this.#shape = shape;
    this.#places = layOut(shape);
    this.#cells = new Int32Array(buffer, 0, this.#places.count);
  }

  static create(shape: TableShape): LimitTable {
    return new LimitTable(new SharedArrayBuffer(layOut(shape).count * 4), shape);
  }

  /** Slots of a backend that are taken, over all workers. */
  taken(backend: number): number {
    return Atomics.load(this.#cells, backend);
  }

  /** Where an upstream's own slots are, for `taken`, `tryTake` and `give`. */
  slotOfUpstream(upstream: number): number {
    return this.#shape.backends + upstream;
  }

  /** Takes a slot of a backend unless `max` are taken; exact over all workers. */
  tryTake(worker: number, backend: number, max: number): boolean {
    // Not add-and-see: too many for a moment would turn away a thread that has a right to the slot.
    for (let taken = Atomics.load(this.#cells, backend); taken < max;) {
      const seen = Atomics.compareExchange(this.#cells, backend, taken, taken + 1);
      if (seen === taken) {
        Atomics.add(this.#cells, this.#own(worker, backend), 1);
        return true;
      }
      taken = seen;
    }
    return false;
  }

  /** Gives a slot back. */
  give(worker: number, backend: number): void {
    Atomics.sub(this.#cells, backend, 1);
    Atomics.sub(this.#cells, this.#own(worker, backend), 1);
  }

  /** Shows how many of a worker wait for an upstream, and since when the first of them does. */
  showQueue(worker: number, upstream: number, length: number, sinceMs: number): void {
    const place = this.#queue(worker, upstream);
    Atomics.store(this.#cells, place, length);
    // 0 says that nobody waits.
    Atomics.store(this.#cells, place + 1, length === 0 ? 0 : (sinceMs | 0) || 1);
  }

  /** The worker whose waiting work came first, `worker` itself left out. */
  longestWaiting(worker: number, upstream: number): Waiting | undefined {
    let found: Waiting | undefined;
    for (let other = 0; other < this.#shape.workers; other++) {
      if (other === worker) continue;
      const sinceMs = Atomics.load(this.#cells, this.#queue(other, upstream) + 1);
      if (sinceMs === 0 || (found !== undefined && laterBy(sinceMs, found.sinceMs) >= 0)) continue;
      found = { worker: other, sinceMs };
    }
    return found;
  }

  /** An upstream's queue, over all workers. */
  queueOf(upstream: number, nowMs: number): QueueLook {
    let length = 0;
    for (let worker = 0; worker < this.#shape.workers; worker++) {
      length += Atomics.load(this.#cells, this.#queue(worker, upstream));
    }
    // No worker is left out.
    const first = this.longestWaiting(-1, upstream);
    return { length, longestWaitMs: first ? Math.max(0, laterBy(nowMs, first.sinceMs)) : 0 };
  }

  /** Shows how much work a worker gives a backend at most at the moment; 0: no limit. */
  showWindow(worker: number, backend: number, window: number): void {
    Atomics.store(this.#cells, this.#window(worker, backend), window);
  }

  /** The sum of what all workers give a backend at most; 0: no limit. */
  windowOf(backend: number): number {
    let sum = 0;
    for (let worker = 0; worker < this.#shape.workers; worker++) {
      sum += Atomics.load(this.#cells, this.#window(worker, backend));
    }
    return sum;
  }

  /** Tells a worker that there may be a free slot for what waits there. */
  wake(worker: number): void {
    Atomics.add(this.#cells, this.#places.wake + worker, 1);
    Atomics.notify(this.#cells, this.#places.wake + worker);
  }

  /** How often a worker was told; to be read before it looks for a slot. */
  wakes(worker: number): number {
    return Atomics.load(this.#cells, this.#places.wake + worker);
  }

  /** Resolves once the worker was told more often than `seen`, or after `timeoutMs`. */
  async untilWoken(worker: number, seen: number, timeoutMs: number): Promise<void> {
    await Atomics.waitAsync(this.#cells, this.#places.wake + worker, seen, timeoutMs).value;
  }

  /** Takes back what a dead worker held, and wakes those that may now have it. */
  forgetWorker(worker: number): void {
    const { backends, upstreams, workers } = this.#shape;
    for (let slot = 0; slot < backends + upstreams; slot++) {
      const held = Atomics.exchange(this.#cells, this.#own(worker, slot), 0);
      Atomics.sub(this.#cells, slot, held);
    }
    for (let backend = 0; backend < backends; backend++) this.showWindow(worker, backend, 0);
    for (let upstream = 0; upstream < upstreams; upstream++) {
      this.showQueue(worker, upstream, 0, 0);
    }
    for (let other = 0; other < workers; other++) this.wake(other);
  }

  #own(worker: number, backend: number): number {
    return this.#places.own + worker * (this.#shape.backends + this.#shape.upstreams) + backend;
  }

  #window(worker: number, backend: number): number {
    return this.#places.windows + worker * this.#shape.backends + backend;
  }

  #queue(worker: number, upstream: number): number {
    return this.#places.queues + 2 * (worker * this.#shape.upstreams + upstream);
  }
}

/** A worker with waiting work. */
export interface Waiting {
  readonly worker: number;
  /** When the first of it came. */
  readonly sinceMs: number;
}

/** How much later `a` is than `b`, for moments modulo 2^32 that are less than 24 days apart. */
export function laterBy(a: number, b: number): number {
  return (a - b) | 0;
}

/** Where each kind of cell begins; slots come first, of backends and then of upstreams. */
interface Places {
  readonly own: number;
  readonly windows: number;
  readonly queues: number;
  readonly wake: number;
  readonly count: number;
}

function layOut({ workers, backends, upstreams }: TableShape): Places {
  const own = backends + upstreams;
  const windows = own + workers * (backends + upstreams);
  const queues = windows + workers * backends;
  const wake = queues + 2 * workers * upstreams;
  return { own, windows, queues, wake, count: wake + workers };
}
