import type { Candidate, Lease } from "../core/types.ts";

/**
 * The requests under way, one slot each, every property in an array of its own: a request costs no
 * allocation, and ten million of them leave nothing behind.
 */
export class RequestPool {
  arrivedMs = new Float64Array(INITIAL);
  serviceMs = new Float64Array(INITIAL);
  key = new Uint32Array(INITIAL);
  /** Retries so far. */
  retries = new Uint16Array(INITIAL);
  /** How the attempt under way will end. */
  result = new Uint8Array(INITIAL);
  readonly lease: (Lease | undefined)[] = [];
  /** Backends that failed, once there are any. */
  readonly tried: (Set<Candidate> | undefined)[] = [];
  #free = new Int32Array(INITIAL);
  #freeCount = 0;
  #slots = 0;

  /** How many requests are under way. */
  get size(): number {
    return this.#slots - this.#freeCount;
  }

  /** A slot for a new request. */
  take(): number {
    if (this.#freeCount > 0) return this.#free[--this.#freeCount]!;
    if (this.#slots === this.key.length) this.#grow();
    this.lease.push(undefined);
    this.tried.push(undefined);
    return this.#slots++;
  }

  /** The request in `slot` has come to its end. */
  give(slot: number): void {
    this.lease[slot] = undefined;
    this.tried[slot] = undefined;
    this.#free[this.#freeCount++] = slot;
  }

  #grow(): void {
    const length = 2 * this.#slots;
    this.arrivedMs = grown(this.arrivedMs, new Float64Array(length));
    this.serviceMs = grown(this.serviceMs, new Float64Array(length));
    this.key = grown(this.key, new Uint32Array(length));
    this.retries = grown(this.retries, new Uint16Array(length));
    this.result = grown(this.result, new Uint8Array(length));
    this.#free = grown(this.#free, new Int32Array(length));
  }
}

const INITIAL = 1024;

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
