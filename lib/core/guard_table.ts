import {
  CLOSED,
  EJECTED,
  eraOf,
  type GuardState,
  HALF_OPEN,
  HELD_OFF,
  heldCount,
  heldEra,
  heldWord,
  isTrying,
  nextEra,
  ONE_PASSED,
  ONE_TAKEN,
  OPEN,
  passedOf,
  PHASE,
  readWord,
  takenOf,
  type WorkTotals,
} from "./guard_word.ts";

/** How many of each thing a {@linkcode GuardTable} has room for. */
export interface GuardShape {
  readonly workers: number;
  readonly backends: number;
  readonly upstreams: number;
}

/**
 * What circuit breakers and outlier detection know of backends, in one piece of memory that all
 * threads share.
 *
 * A backend's state is one word, so that every change is one compare-and-exchange: whichever thread
 * sees the failure that is one too many closes the way for all of them at once, and trials are exact
 * over all. The word carries the era: what began in an earlier one says nothing any more.
 */
export class GuardTable {
  readonly buffer: SharedArrayBuffer;
  readonly shape: GuardShape;
  readonly #cells: Int32Array;
  readonly #counters: Float64Array;

  constructor(buffer: SharedArrayBuffer, shape: GuardShape) {
    this.buffer = buffer;
    this.shape = shape;
    const cells = cellCount(shape);
    this.#cells = new Int32Array(buffer, 0, cells);
    this.#counters = new Float64Array(buffer, cells * 4);
  }

  static create(shape: GuardShape): GuardTable {
    const { workers, backends } = shape;
    const sizeBytes = cellCount(shape) * 4 + workers * backends * COUNTERS * 8;
    return new GuardTable(new SharedArrayBuffer(sizeBytes), shape);
  }

  /** The era of a backend that is neither held off nor on trial, else -1: one load. */
  freeEra(backend: number): number {
    const word = this.#word(backend);
    return (word & HELD_OFF) === 0 ? eraOf(word) : -1;
  }

  state(backend: number): GuardState {
    return readWord(this.#word(backend));
  }

  era(backend: number): number {
    return eraOf(this.#word(backend));
  }

  /** Takes one of `most` trials; their era, or `undefined` when none is to be had. */
  tryTrial(worker: number, backend: number, most: number): number | undefined {
    const word = this.#change(backend, (word) => {
      const isLeft = (word & PHASE) === HALF_OPEN && takenOf(word) < most;
      return isLeft ? word + ONE_TAKEN : undefined;
    });
    if (word === undefined) return undefined;
    this.#hold(worker, backend, { era: eraOf(word), by: 1 });
    return eraOf(word);
  }

  /** A trial begun in `era` went well. */
  passTrial(worker: number, backend: number, era: number): void {
    this.#hold(worker, backend, { era, by: -1 });
    this.#change(backend, (word) => {
      const isNews = isTrying(word, era) && passedOf(word) < takenOf(word);
      return isNews ? word + ONE_PASSED : undefined;
    });
  }

  /** A trial begun in `era` ended without saying anything: another may take its place. */
  returnTrial(worker: number, backend: number, era: number): void {
    this.#hold(worker, backend, { era, by: -1 });
    this.#giveBack(backend, era, 1);
  }

  /** Opens the circuit unless it is open already or `era` is over. True for the one who did. */
  trip(backend: number, era: number): boolean {
    return this.#change(backend, (word) => {
      if ((word & PHASE) === OPEN || eraOf(word) !== era) return undefined;
      return nextEra(word, OPEN | (word & EJECTED));
    }) !== undefined;
  }

  /** Lets trials through a circuit that is open, or new ones through one that is half open. */
  halfOpen(backend: number): void {
    this.forgive(backend);
    this.#change(backend, (word) => {
      return (word & PHASE) === CLOSED ? undefined : nextEra(word, HALF_OPEN | (word & EJECTED));
    });
  }

  /** Closes a half-open circuit, unless a failure in `era` has opened it at the same moment. */
  close(backend: number, era: number): boolean {
    this.forgive(backend);
    return this.#change(backend, (word) => {
      return isTrying(word, era) ? nextEra(word, CLOSED | (word & EJECTED)) : undefined;
    }) !== undefined;
  }

  /**
   * Holds a backend of an upstream off, unless as many of them are as may be, its circuit is not
   * closed, or `era` is over.
   */
  eject(backend: number, upstream: number, { era, most }: EjectOptions): boolean {
    const place = this.#ejectedPlace(upstream);
    for (let count = Atomics.load(this.#cells, place);;) {
      if (count >= most) return false;
      const seen = Atomics.compareExchange(this.#cells, place, count, count + 1);
      if (seen === count) break;
      count = seen;
    }
    const word = this.#change(backend, (word) => {
      const isOpenToAll = (word & HELD_OFF) === CLOSED && eraOf(word) === era;
      return isOpenToAll ? nextEra(word, EJECTED) : undefined;
    });
    if (word === undefined) Atomics.sub(this.#cells, place, 1);
    return word !== undefined;
  }

  /** Takes an ejected backend back. */
  admit(backend: number, upstream: number): void {
    this.forgive(backend);
    const word = this.#change(backend, (word) => {
      return (word & EJECTED) === 0 ? undefined : nextEra(word, word & PHASE);
    });
    if (word !== undefined) Atomics.sub(this.#cells, this.#ejectedPlace(upstream), 1);
  }

  /** Sets everything about a backend to zero, for another to have the place. */
  clear(backend: number): void {
    Atomics.store(this.#cells, backend, 0);
    for (let kind = FAILURES; kind < STREAKS_END; kind++) this.#clear(this.#streak(backend, kind));
    for (let worker = 0; worker < this.shape.workers; worker++) {
      Atomics.store(this.#cells, this.#held(worker, backend), 0);
      const first = this.#counter(worker, backend, DONE);
      this.#counters.fill(0, first, first + COUNTERS);
    }
  }

  /** Counts a failure; how many there are in a row now, over all threads. */
  fail(backend: number): number {
    return Atomics.add(this.#cells, this.#streak(backend, FAILURES), 1) + 1;
  }

  /** The same for failures as gateways report them: 502, 503, 504, and no answer. */
  failGateway(backend: number): number {
    return Atomics.add(this.#cells, this.#streak(backend, GATEWAY_FAILURES), 1) + 1;
  }

  /** Notes whether the last failure was one to connect: then a connection made proves it over. */
  noteCause(backend: number, isConnect: boolean): void {
    Atomics.store(this.#cells, this.#streak(backend, CAUSES), isConnect ? 1 : 0);
  }

  couldNotConnect(backend: number): boolean {
    return Atomics.load(this.#cells, this.#streak(backend, CAUSES)) === 1;
  }

  /** Failures in a row so far. */
  failures(backend: number): number {
    return Atomics.load(this.#cells, this.#streak(backend, FAILURES));
  }

  /** The backend did well: failures begin anew. Writes nothing while there are none. */
  forgive(backend: number): void {
    this.#clear(this.#streak(backend, FAILURES));
    this.forgiveGateway(backend);
  }

  /** An answer that is no gateway's, however bad. */
  forgiveGateway(backend: number): void {
    this.#clear(this.#streak(backend, GATEWAY_FAILURES));
  }

  /** Counts a piece of work whose result is known; one that fails is counted as done as well. */
  count(worker: number, backend: number, what: keyof WorkTotals): void {
    const place = this.#counter(worker, backend, what === "done" ? DONE : FAILED);
    this.#counters[place] = (this.#counters[place] ?? 0) + 1;
  }

  /** Pieces of work with a result, and how many of them failed, over all threads since start. */
  totals(backend: number): WorkTotals {
    let done = 0;
    let failed = 0;
    for (let worker = 0; worker < this.shape.workers; worker++) {
      done += this.#counters[this.#counter(worker, backend, DONE)] ?? 0;
      failed += this.#counters[this.#counter(worker, backend, FAILED)] ?? 0;
    }
    return { done, failed };
  }

  /** Takes back the trials that a dead worker held. */
  forgetWorker(worker: number): void {
    for (let backend = 0; backend < this.shape.backends; backend++) {
      const held = Atomics.exchange(this.#cells, this.#held(worker, backend), 0);
      if (heldCount(held) > 0) this.#giveBack(backend, heldEra(held), heldCount(held));
    }
  }

  #word(backend: number): number {
    return Atomics.load(this.#cells, backend);
  }

  /** Puts what `next` makes of the word in its place, and returns that if it is anything. */
  #change(backend: number, next: (word: number) => number | undefined): number | undefined {
    for (let word = this.#word(backend);;) {
      const changed = next(word);
      if (changed === undefined) return undefined;
      const seen = Atomics.compareExchange(this.#cells, backend, word, changed);
      if (seen === word) return changed;
      word = seen;
    }
  }

  #giveBack(backend: number, era: number, count: number): void {
    this.#change(backend, (word) => {
      const isHeld = isTrying(word, era) && takenOf(word) - passedOf(word) >= count;
      return isHeld ? word - count * ONE_TAKEN : undefined;
    });
  }

  /** Notes what a worker holds, for when it dies. Only that worker writes there. */
  #hold(worker: number, backend: number, { era, by }: { era: number; by: 1 | -1 }): void {
    const place = this.#held(worker, backend);
    const held = Atomics.load(this.#cells, place);
    const isSame = heldEra(held) === era;
    // The round that it belonged to is over.
    if (!isSame && by < 0) return;
    const count = Math.max(0, (isSame ? heldCount(held) : 0) + by);
    Atomics.store(this.#cells, place, heldWord(era, count));
  }

  #clear(place: number): void {
    if (Atomics.load(this.#cells, place) !== 0) Atomics.store(this.#cells, place, 0);
  }

  #streak(backend: number, kind: number): number {
    return this.shape.backends * kind + backend;
  }

  #ejectedPlace(upstream: number): number {
    return this.shape.backends * STREAKS_END + upstream;
  }

  #held(worker: number, backend: number): number {
    const { backends, upstreams } = this.shape;
    return backends * (STREAKS_END + worker) + upstreams + backend;
  }

  #counter(worker: number, backend: number, counter: number): number {
    return (worker * this.shape.backends + backend) * COUNTERS + counter;
  }
}

/** Under which conditions a backend may be ejected. */
export interface EjectOptions {
  readonly era: number;
  /** Most backends of the upstream that may be ejected at once. */
  readonly most: number;
}

// Behind the words: failures in a row of two kinds, what the last was, ejected per upstream, trials
// held per worker.
const FAILURES = 1;
const GATEWAY_FAILURES = 2;
const CAUSES = 3;
const STREAKS_END = 4;
const DONE = 0;
const FAILED = 1;
const COUNTERS = 2;

function cellCount({ workers, backends, upstreams }: GuardShape): number {
  const cells = backends * (STREAKS_END + workers) + upstreams;
  // Doubles start at a multiple of eight bytes.
  return cells + cells % 2;
}
