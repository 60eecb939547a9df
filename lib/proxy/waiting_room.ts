import type { LimitTable } from "../core/limit_table.ts";
import { laterBy } from "../core/limit_table.ts";
import type { Lease } from "../core/types.ts";
import { WheelTimer } from "../ds/timer_wheel.ts";
import {
  AdmissionQueue,
  type AdmissionQueueOptions,
  type Place,
} from "../limit/admission_queue.ts";
import type { Timeouts } from "../net/timeouts.ts";
import type { Gate } from "../upstream/gate.ts";

/** What a {@linkcode WaitingRoom} works with. */
export interface WaitingRoomOptions {
  readonly queue: AdmissionQueueOptions;
  readonly table: LimitTable;
  /** Slot of this thread in the table. */
  readonly worker: number;
  /** Place of the upstream's cells in the table. */
  readonly upstream: number;
  /** Slots belong to all threads, so that one given back here may be for another thread. */
  readonly isShared: boolean;
  /** Then also: they go to the thread where somebody has waited for longest. */
  readonly isInTurn: boolean;
  readonly timeouts: Pick<Timeouts, "schedule" | "cancel">;
  /** Milliseconds of one clock for all threads. */
  readonly now: () => number;
  /** Told how many milliseconds each has waited who got a slot, or whose time was up. */
  readonly onWaited?: (waitMs: number) => void;
}

/** Why work is turned away. */
export type Overload = "queue_full" | "queue_timeout";

/** Why there is no lease. */
export type Refusal =
  | Overload
  /** The one who waited went away. */
  | "left";

/** A wait for a lease. */
export interface Wait {
  readonly result: Promise<Lease | Refusal>;
  /** Ends it, if it has not ended. */
  leave(): void;
}

/**
 * Where work of one thread waits while every backend of an upstream has as much as it may have.
 *
 * It is told of each slot that comes free, as the last gate of the upstream, and serves one waiter
 * for it. Slots of another thread's are heard of through a cell in shared memory on which
 * {@linkcode RoomCaller} sleeps. With one slot for 16 clients and work of 5 ms the slot was idle for
 * 0.7 ms between two with one thread, and for 1.0 ms with two. A look with each tick of the timer
 * wheel covers the rest: a backend that came back, a limit that grew.
 */
export class WaitingRoom implements Gate {
  readonly #options: WaitingRoomOptions;
  readonly #queue: AdmissionQueue<Waiter>;
  readonly #ticker = new WheelTimer(() => this.#tick());
  readonly #onWaiting: () => void;
  /** Somebody was served since the last tick. */
  #hasMoved = false;
  /** The table says that somebody waits here. */
  #isShown = false;

  /** @param onWaiting told when somebody begins to wait */
  constructor(options: WaitingRoomOptions, onWaiting: () => void) {
    this.#options = options;
    this.#queue = new AdmissionQueue(options.queue);
    this.#onWaiting = onWaiting;
  }

  /** Who comes has to wait behind others, here or in another thread. */
  get isBusy(): boolean {
    if (this.#queue.length > 0) return true;
    return this.#options.isInTurn && this.#longestElsewhere() !== undefined;
  }

  /** Somebody waits here. */
  get hasWaiters(): boolean {
    return this.#queue.length > 0;
  }

  /** @param pick takes a lease if there is one */
  wait(pick: () => Lease | undefined): Wait {
    const { promise, resolve } = Promise.withResolvers<Lease | Refusal>();
    return { result: promise, leave: this.queue(pick, resolve) };
  }

  /** As `wait`, with a call once it is over, which may be at once. Returns what ends it. */
  queue(pick: () => Lease | undefined, resolve: (result: Lease | Refusal) => void): () => void {
    const place = this.#queue.push({ pick, resolve }, this.#options.now());
    if (place === undefined) {
      resolve("queue_full");
      return () => {};
    }
    this.#onWaiting();
    if (!this.#ticker.scheduled) this.#options.timeouts.schedule(this.#ticker, 0);
    this.serve();
    return () => this.#dismiss(place, "left");
  }

  /** Gives what is free to who is next. */
  serve(): void {
    while (this.#queue.length > 0) {
      // Shown before the look for a slot: who gives one back meanwhile sees that it is wanted.
      this.#show();
      if (this.#isOthersTurn()) break;
      if (!this.#serveOne()) return;
    }
    this.#show();
    if (this.#options.isShared) this.#wakeLongest();
  }

  admits(): boolean {
    return true;
  }

  enter(): boolean {
    return true;
  }

  leave(): void {
    this.serve();
  }

  #serveOne(): boolean {
    const nowMs = this.#options.now();
    const place = this.#queue.next(nowMs);
    const lease = place?.waiter.pick();
    if (place === undefined || lease === undefined) return false;
    this.#hasMoved = true;
    this.#queue.leave(place, nowMs);
    this.#options.onWaited?.(nowMs - place.sinceMs);
    place.waiter.resolve(lease);
    return true;
  }

  #dismiss(place: Place<Waiter>, why: Refusal): void {
    if (this.#queue.leave(place, this.#options.now())) place.waiter.resolve(why);
    // Others may have waited for its turn.
    this.serve();
  }

  #tick(): void {
    const nowMs = this.#options.now();
    for (let late = this.#queue.expire(nowMs); late; late = this.#queue.expire(nowMs)) {
      this.#options.onWaited?.(nowMs - late.sinceMs);
      late.waiter.resolve("queue_timeout");
    }
    // The thread whose turn it is has not come: it is stuck, or waits for something else.
    while (!this.#hasMoved && this.#queue.length > 0 && this.#serveOne());
    this.#hasMoved = false;
    this.serve();
    if (this.#queue.length > 0) this.#options.timeouts.schedule(this.#ticker, 0);
  }

  #show(): void {
    const isEmpty = this.#queue.length === 0;
    // Most requests end while nobody waits.
    if (isEmpty && !this.#isShown) return;
    this.#isShown = !isEmpty;
    const { table, worker, upstream, timeouts } = this.#options;
    if (isEmpty) timeouts.cancel(this.#ticker);
    table.showQueue(worker, upstream, this.#queue.length, this.#queue.first?.sinceMs ?? 0);
  }

  /** Somebody has waited for clearly longer: less is not worth the way to another thread. */
  #isOthersTurn(): boolean {
    const { first } = this.#queue;
    if (!this.#options.isInTurn) return false;
    const other = this.#longestElsewhere();
    return first !== undefined && other !== undefined &&
      laterBy(first.sinceMs, other.sinceMs) > NEAR_MS;
  }

  #wakeLongest(): void {
    const other = this.#longestElsewhere();
    if (other !== undefined) this.#options.table.wake(other.worker);
  }

  #longestElsewhere() {
    const { table, worker, upstream } = this.#options;
    return table.longestWaiting(worker, upstream);
  }
}

/** Hears for all rooms of a thread that slots of other threads came free. */
export class RoomCaller implements Disposable {
  readonly #table: LimitTable;
  readonly #worker: number;
  readonly #rooms = new Set<WaitingRoom>();
  #isListening = false;
  #isEnded = false;

  /** @param worker slot of this thread in the table */
  constructor(table: LimitTable, worker: number) {
    this.#table = table;
    this.#worker = worker;
  }

  add(room: WaitingRoom): void {
    this.#rooms.add(room);
  }

  remove(room: WaitingRoom): void {
    this.#rooms.delete(room);
  }

  /** Somebody begins to wait in one of the rooms. */
  listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    // Never rejects, and ends when nobody waits any more.
    void this.#run();
  }

  [Symbol.dispose](): void {
    this.#isEnded = true;
    if (this.#isListening) this.#table.wake(this.#worker);
  }

  #hasWaiters(): boolean {
    for (const { hasWaiters } of this.#rooms) if (hasWaiters) return true;
    return false;
  }

  async #run(): Promise<void> {
    // Read before the rooms look: what comes free after that ends the wait at once.
    let seen = this.#table.wakes(this.#worker);
    for (;;) {
      await this.#table.untilWoken(this.#worker, seen, CHECK_MS);
      if (this.#isEnded || !this.#hasWaiters()) break;
      seen = this.#table.wakes(this.#worker);
      for (const room of this.#rooms) room.serve();
    }
    this.#isListening = false;
  }
}

interface Waiter {
  readonly pick: () => Lease | undefined;
  readonly resolve: (result: Lease | Refusal) => void;
}

/** Order between threads is kept to this. */
const NEAR_MS = 10;
/** A wait on the cell ends by itself now and then, so that it does not outlast the waiters. */
const CHECK_MS = 1000;
