import {
  BACKEND_COUNTERS,
  BACKEND_PLACE,
  type BackendCounter,
  LISTENER_COUNTERS,
  LISTENER_PLACE,
  type ListenerCounter,
} from "./counters.ts";

/** How many of each thing a {@linkcode SharedTable} has room for. */
export interface TableShape {
  readonly workers: number;
  readonly backends: number;
  readonly upstreams: number;
  readonly listeners: number;
}

/**
 * State that all threads share, in one piece of shared memory.
 *
 * Two kinds of cell. Whole numbers that must be exact over all threads (in flight, up, turn, open) are
 * one `Int32` each, changed with `Atomics`. Counters are doubles in a slab per worker: one writer, no
 * contention, summed when somebody asks.
 */
export class SharedTable {
  readonly buffer: SharedArrayBuffer;
  readonly shape: TableShape;
  readonly #cells: Int32Array;
  readonly #counters: Float64Array;
  readonly #places: Places;

  constructor(buffer: SharedArrayBuffer, shape: TableShape) {
    this.buffer = buffer;
    this.shape = shape;
    this.#places = layOut(shape);
    this.#cells = new Int32Array(buffer, 0, this.#places.cellCount);
    this.#counters = new Float64Array(buffer, this.#places.cellCount * 4);
  }

  /** Bytes of the whole numbers, which come first in the buffer. */
  get exactBytes(): number {
    return this.#cells.byteLength;
  }

  static create(shape: TableShape): SharedTable {
    return new SharedTable(new SharedArrayBuffer(layOut(shape).sizeBytes), shape);
  }

  /** Work in flight on a backend, over all workers. */
  inFlight(backend: number): number {
    return Atomics.load(this.#cells, this.#places.inFlight + backend);
  }

  /** Changes a backend's work in flight on behalf of `worker`. */
  addInFlight(worker: number, backend: number, by: 1 | -1): void {
    Atomics.add(this.#cells, this.#places.inFlight + backend, by);
    Atomics.add(this.#cells, this.#ownInFlight(worker, backend), by);
  }

  /** True while a backend's checks say it is well. */
  isUp(backend: number): boolean {
    return Atomics.load(this.#cells, this.#places.up + backend) === 1;
  }

  setUp(backend: number, up: boolean): void {
    Atomics.store(this.#cells, this.#places.up + backend, up ? 1 : 0);
  }

  /** Sets an upstream's next turn; any number. */
  setTurn(upstream: number, turn: number): void {
    Atomics.store(this.#cells, this.#places.turn + upstream, turn | 0);
  }

  /** Draws the next turn of an upstream: 0, 1, 2 … modulo 2^32, over all workers. */
  nextTurn(upstream: number): number {
    return Atomics.add(this.#cells, this.#places.turn + upstream, 1) >>> 0;
  }

  /** Open client connections of a listener, over all workers. */
  active(listener: number): number {
    return Atomics.load(this.#cells, this.#places.active + listener);
  }

  /** Takes a connection slot of a listener unless `max` are taken; exact over all workers. */
  tryOpen(worker: number, listener: number, max: number): boolean {
    const isTaken = this.#tryTake(this.#places.active + listener, max);
    if (isTaken) Atomics.add(this.#cells, this.#ownActive(worker, listener), 1);
    return isTaken;
  }

  /** Gives a connection slot back. */
  closed(worker: number, listener: number): void {
    Atomics.sub(this.#cells, this.#places.active + listener, 1);
    Atomics.sub(this.#cells, this.#ownActive(worker, listener), 1);
  }

  /** Open connections to a backend, over all workers. */
  openToBackend(backend: number): number {
    return Atomics.load(this.#cells, this.#places.open + backend);
  }

  /** Takes the right to a connection to a backend unless `max` are open; exact over all workers. */
  tryOpenBackend(worker: number, backend: number, max: number): boolean {
    const isTaken = this.#tryTake(this.#places.open + backend, max);
    if (isTaken) Atomics.add(this.#cells, this.#ownOpen(worker, backend), 1);
    return isTaken;
  }

  /** Gives the right to a connection back. */
  closedBackend(worker: number, backend: number): void {
    Atomics.sub(this.#cells, this.#places.open + backend, 1);
    Atomics.sub(this.#cells, this.#ownOpen(worker, backend), 1);
  }

  /** Shows that a worker's event loop turns. */
  beat(worker: number): void {
    Atomics.add(this.#cells, this.#places.beats + worker, 1);
  }

  beats(worker: number): number {
    return Atomics.load(this.#cells, this.#places.beats + worker);
  }

  /** Takes back every slot that a dead worker held. */
  forgetWorker(worker: number): void {
    for (let backend = 0; backend < this.shape.backends; backend++) {
      this.#giveBack(this.#ownInFlight(worker, backend), this.#places.inFlight + backend);
      this.#giveBack(this.#ownOpen(worker, backend), this.#places.open + backend);
      this.#counters[this.#backendCounter(worker, backend, "idle")] = 0;
    }
    for (let listener = 0; listener < this.shape.listeners; listener++) {
      this.#giveBack(this.#ownActive(worker, listener), this.#places.active + listener);
    }
  }

  /** Sets everything about a backend to zero, for another to have the place. */
  clearBackend(backend: number): void {
    this.setUp(backend, false);
    for (let worker = 0; worker < this.shape.workers; worker++) {
      const first = this.#backendCounter(worker, backend, BACKEND_COUNTERS[0]);
      this.#counters.fill(0, first, first + BACKEND_COUNTERS.length);
    }
  }

  /** The same for a listener. */
  clearListener(listener: number): void {
    for (let worker = 0; worker < this.shape.workers; worker++) {
      const first = this.#listenerCounter(worker, listener, LISTENER_COUNTERS[0]);
      this.#counters.fill(0, first, first + LISTENER_COUNTERS.length);
    }
  }

  countBackend(worker: number, backend: number, counter: BackendCounter, by = 1): void {
    this.#add(this.#backendCounter(worker, backend, counter), by);
  }

  countListener(worker: number, listener: number, counter: ListenerCounter, by = 1): void {
    this.#add(this.#listenerCounter(worker, listener, counter), by);
  }

  /** A backend's total over all workers. */
  backendTotal(backend: number, counter: BackendCounter): number {
    return this.#sum((worker) => this.#backendCounter(worker, backend, counter));
  }

  /** A listener's total over all workers. */
  listenerTotal(listener: number, counter: ListenerCounter): number {
    return this.#sum((worker) => this.#listenerCounter(worker, listener, counter));
  }

  #tryTake(place: number, max: number): boolean {
    // Not add-and-see: too many for a moment would turn away a thread that has a right to the slot.
    for (let taken = Atomics.load(this.#cells, place); taken < max;) {
      const seen = Atomics.compareExchange(this.#cells, place, taken, taken + 1);
      if (seen === taken) return true;
      taken = seen;
    }
    return false;
  }

  #giveBack(own: number, shared: number): void {
    Atomics.sub(this.#cells, shared, Atomics.exchange(this.#cells, own, 0));
  }

  #add(place: number, by: number): void {
    this.#counters[place] = (this.#counters[place] ?? 0) + by;
  }

  #sum(place: (worker: number) => number): number {
    let total = 0;
    for (let worker = 0; worker < this.shape.workers; worker++) {
      total += this.#counters[place(worker)] ?? 0;
    }
    return total;
  }

  #ownInFlight(worker: number, backend: number): number {
    return this.#places.ownInFlight + worker * this.shape.backends + backend;
  }

  #ownOpen(worker: number, backend: number): number {
    return this.#places.ownOpen + worker * this.shape.backends + backend;
  }

  #ownActive(worker: number, listener: number): number {
    return this.#places.ownActive + worker * this.shape.listeners + listener;
  }

  #backendCounter(worker: number, backend: number, counter: BackendCounter): number {
    return worker * this.#places.slab + backend * BACKEND_COUNTERS.length +
      BACKEND_PLACE[counter];
  }

  #listenerCounter(worker: number, listener: number, counter: ListenerCounter): number {
    return worker * this.#places.slab + this.shape.backends * BACKEND_COUNTERS.length +
      listener * LISTENER_COUNTERS.length + LISTENER_PLACE[counter];
  }
}

/** Where each kind of cell begins, in cells; the counters follow behind all of them. */
interface Places {
  readonly inFlight: number;
  readonly up: number;
  readonly turn: number;
  readonly active: number;
  readonly beats: number;
  readonly ownInFlight: number;
  readonly ownActive: number;
  readonly open: number;
  readonly ownOpen: number;
  readonly cellCount: number;
  /** Counters of one worker. */
  readonly slab: number;
  readonly sizeBytes: number;
}

function layOut(shape: TableShape): Places {
  const { workers, backends, upstreams, listeners } = shape;
  const up = backends;
  const turn = up + backends;
  const active = turn + upstreams;
  const beats = active + listeners;
  const ownInFlight = beats + workers;
  const ownActive = ownInFlight + workers * backends;
  const open = ownActive + workers * listeners;
  const ownOpen = open + backends;
  const end = ownOpen + workers * backends;
  // Doubles start at a multiple of eight bytes.
  const cellCount = end + end % 2;
  const slab = backends * BACKEND_COUNTERS.length + listeners * LISTENER_COUNTERS.length;
  const sizeBytes = cellCount * 4 + workers * slab * 8;
  return {
    inFlight: 0,
    up,
    turn,
    active,
    beats,
    ownInFlight,
    ownActive,
    open,
    ownOpen,
    cellCount,
    slab,
    sizeBytes,
  };
}
