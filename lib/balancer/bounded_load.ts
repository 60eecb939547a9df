import type { Candidate } from "../core/types.ts";
import type { Balancer, PickRequest } from "./balancer.ts";

/** How an algorithm's picks are bounded. */
export interface BoundedLoadOptions {
  /** How many times its fair part of the work a server may have in flight; 1 or more. */
  readonly factor: number;
}

/**
 * Another algorithm, kept from overloading a server: consistent hashing with bounded loads (Mirrokni,
 * Thorup, Zadimoghaddam, arXiv 1608.01350) around any algorithm that goes by key.
 *
 * With m in flight on all servers of the set, one may be given work while it has less than
 * `factor × (m + 1) × weight / Σ weight`; a fuller one counts as not eligible, and the algorithm goes
 * on to its next choice. Servers that have room but are refused by the request do not count: when all
 * others are full, the bound is dropped for that pick.
 *
 * The bound is exact as long as each change of load is told. Loads also change on other threads, which
 * send no word of it; each pick looks again at a few servers in rotation, so m is a little old then.
 * The load of the server in question is always read.
 */
export class BoundedLoad<T extends Candidate> implements Balancer<T> {
  readonly #inner: Balancer<T>;
  readonly #factor: number;
  readonly #entries = new Map<T, Entry<T>>();
  /** The same entries, to go round. */
  readonly #round: Entry<T>[] = [];
  #place = 0;
  #totalLoad = 0;
  #totalWeight = 0;
  readonly #request: RoomRequest<T> = new RoomRequest();

  /** @throws {RangeError} when the factor is below 1 */
  constructor(inner: Balancer<T>, options: BoundedLoadOptions) {
    if (!(options.factor >= 1)) {
      throw new RangeError(`Cannot bound load: factor must be 1 or more: ${options.factor}`);
    }
    this.#inner = inner;
    this.#factor = options.factor;
  }

  add(candidate: T): void {
    this.#inner.add(candidate);
    if (this.#entries.has(candidate)) return;
    const entry = { candidate, load: 0, weight: 0, place: this.#round.length };
    this.#entries.set(candidate, entry);
    this.#round.push(entry);
    this.#refresh(entry);
  }

  remove(candidate: T): void {
    this.#inner.remove(candidate);
    const entry = this.#entries.get(candidate);
    if (entry === undefined) return;
    this.#entries.delete(candidate);
    this.#totalLoad -= entry.load;
    this.#totalWeight -= entry.weight;
    const last = this.#round.pop();
    if (last === undefined || last === entry) return;
    this.#round[entry.place] = last;
    last.place = entry.place;
  }

  pick(request: PickRequest<T>): T | undefined {
    this.#refreshSome();
    const perWeight = this.#factor * (this.#totalLoad + 1) / this.#totalWeight;
    // What is whole in exact numbers must not come out a little above it: that were one more.
    const bounded = this.#request.with(request, perWeight * (1 - ROUNDING));
    return this.#inner.pick(bounded) ?? this.#inner.pick(request);
  }

  loadChanged(candidate: T): void {
    const entry = this.#entries.get(candidate);
    if (entry !== undefined) this.#refresh(entry);
    this.#inner.loadChanged?.(candidate);
  }

  weightChanged(candidate: T): void {
    const entry = this.#entries.get(candidate);
    if (entry !== undefined) this.#refresh(entry);
    this.#inner.weightChanged?.(candidate);
  }

  observe(candidate: T, latencyMs: number, passed: boolean): void {
    this.#inner.observe?.(candidate, latencyMs, passed);
  }

  #refreshSome(): void {
    const count = Math.min(REFRESHED_PER_PICK, this.#round.length);
    for (let i = 0; i < count; i++) {
      this.#place = this.#place + 1 < this.#round.length ? this.#place + 1 : 0;
      const entry = this.#round[this.#place];
      if (entry !== undefined) this.#refresh(entry);
    }
  }

  #refresh(entry: Entry<T>): void {
    const { load, weight } = entry.candidate;
    this.#totalLoad += load - entry.load;
    this.#totalWeight += weight - entry.weight;
    entry.load = load;
    entry.weight = weight;
  }
}

/** A server with what is counted of it in the sums. */
interface Entry<T> {
  readonly candidate: T;
  load: number;
  weight: number;
  place: number;
}

/** A request that also asks for room; one object for all picks, so that they allocate nothing. */
class RoomRequest<T extends Candidate> implements PickRequest<T> {
  #request: PickRequest<T> | undefined;
  #loadPerWeight = 0;

  get key(): number {
    return this.#request?.key ?? 0;
  }

  with(request: PickRequest<T>, loadPerWeight: number): this {
    this.#request = request;
    this.#loadPerWeight = loadPerWeight;
    return this;
  }

  eligible(candidate: T): boolean {
    // What is below the bound is below the next whole number: there is nothing to round up.
    return this.#request !== undefined && this.#request.eligible(candidate) &&
      candidate.load < this.#loadPerWeight * candidate.weight;
  }
}

/** Small, because each costs reads of shared memory; four cover the usual small upstream. */
const REFRESHED_PER_PICK = 4;

/** Far above the rounding of doubles, far below one piece of work in any number of them. */
const ROUNDING = 1e-12;
