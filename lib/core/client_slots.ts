import { combine, mix32 } from "../ds/hash.ts";
import { parseIp } from "./cidr.ts";

/** Room of a {@linkcode ClientSlots}. */
export interface ClientSlotsShape {
  readonly workers: number;
  /** Most connections at once, which is also the most addresses that can hold one. */
  readonly maxConnections: number;
}

/** What came of asking for a slot. */
export type ClientSlot =
  | "taken"
  /** The client has all that it may have. */
  | "over"
  /** No room to count another client in. */
  | "no_room";

/**
 * How many connections each client has, exact over all threads, in a piece of shared memory whose
 * size is fixed: a flood of addresses makes it no larger.
 *
 * A client is an IPv4 address, or the /64 of an IPv6 address, because whoever has one of its addresses
 * has all. Entries lie in buckets of sixteen, found by a hash with a secret and compared by the whole
 * address, so that no client is taken for another. There are twice as many entries as there can be
 * connections; a full bucket refuses new clients (about one in 250 with all connections taken by
 * as many addresses, one in a million with half of them), so that the limit holds for all it counts.
 *
 * Each bucket has a lock, held for some dozen nanoseconds. It names its holder: what a thread that
 * dies holds is given back.
 */
export class ClientSlots {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #workers: number;
  readonly #buckets: number;
  readonly #seed: number;

  constructor(buffer: SharedArrayBuffer, shape: ClientSlotsShape) {
    this.buffer = buffer;
    this.#cells = new Int32Array(buffer);
    this.#workers = shape.workers;
    this.#buckets = bucketsFor(shape);
    this.#seed = this.#cells[0]!;
  }

  /** @param seed a secret of 32 bits: who knows it can fill a bucket on purpose */
  static create(shape: ClientSlotsShape, seed: number): ClientSlots {
    const buffer = new SharedArrayBuffer(4 * (1 + bucketsFor(shape) * bucketCells(shape.workers)));
    new Int32Array(buffer)[0] = seed;
    return new ClientSlots(buffer, shape);
  }

  /** Takes a slot of a client unless it has `max`. */
  tryTake(worker: number, client: ClientKey, max: number): ClientSlot {
    const bucket = this.#bucketOf(client);
    this.#lock(bucket, worker);
    const slot = this.#take(this.#entry(bucket, client), { worker, client, max });
    this.#unlock(bucket);
    return slot;
  }

  /** Gives a slot back that the worker took. */
  give(worker: number, client: ClientKey): void {
    const bucket = this.#bucketOf(client);
    this.#lock(bucket, worker);
    const entry = this.#entry(bucket, client);
    if (entry !== undefined) this.#cells[entry + 2 + worker]!--;
    this.#unlock(bucket);
  }

  /** Connections of a client, over all workers. */
  taken(client: ClientKey): number {
    const entry = this.#entry(this.#bucketOf(client), client);
    return entry === undefined ? 0 : this.#sum(entry);
  }

  /** Takes back what a dead worker held, its locks too. */
  forgetWorker(worker: number): void {
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      const lock = this.#lockOf(bucket);
      for (let way = 0; way < WAYS; way++) {
        Atomics.store(this.#cells, this.#wayOf(bucket, way) + 2 + worker, 0);
      }
      Atomics.compareExchange(this.#cells, lock, worker + 1, 0);
    }
  }

  #take(
    entry: number | undefined,
    { worker, client, max }: { worker: number; client: ClientKey; max: number },
  ): ClientSlot {
    if (entry === undefined) return "no_room";
    if (this.#sum(entry) >= max) return "over";
    this.#cells[entry] = client.high;
    this.#cells[entry + 1] = client.low;
    this.#cells[entry + 2 + worker]!++;
    return "taken";
  }

  /** Where a client is counted, or could be; `undefined` when the bucket is full of others. */
  #entry(bucket: number, { high, low }: ClientKey): number | undefined {
    let free: number | undefined;
    for (let way = 0; way < WAYS; way++) {
      const entry = this.#wayOf(bucket, way);
      if (this.#sum(entry) === 0) free ??= entry;
      else if (this.#cells[entry] === high && this.#cells[entry + 1] === low) return entry;
    }
    return free;
  }

  #sum(entry: number): number {
    let sum = 0;
    for (let worker = 0; worker < this.#workers; worker++) sum += this.#cells[entry + 2 + worker]!;
    return sum;
  }

  #bucketOf({ high, low }: ClientKey): number {
    return combine(mix32(high ^ this.#seed), low ^ this.#seed) % this.#buckets;
  }

  #lockOf(bucket: number): number {
    return 1 + bucket * bucketCells(this.#workers);
  }

  #wayOf(bucket: number, way: number): number {
    return this.#lockOf(bucket) + 1 + way * (2 + this.#workers);
  }

  #lock(bucket: number, worker: number): void {
    const lock = this.#lockOf(bucket);
    for (let spins = 1;; spins++) {
      const holder = Atomics.compareExchange(this.#cells, lock, 0, worker + 1);
      if (holder === 0) return;
      // Its holder has been put off its core: ours may be the one it needs.
      if (spins % SPINS === 0) Atomics.wait(this.#cells, lock, holder, 1);
    }
  }

  #unlock(bucket: number): void {
    const lock = this.#lockOf(bucket);
    Atomics.store(this.#cells, lock, 0);
    Atomics.notify(this.#cells, lock, 1);
  }
}

/** An address as 64 bits. */
export interface ClientKey {
  readonly high: number;
  readonly low: number;
}

/**
 * Whom a connection counts for: an IPv4 address, also one mapped into IPv6, or the /64 of an IPv6
 * address.
 *
 * @param address IP literal without brackets; a zone (`%eth0`) is ignored
 * @returns `undefined` for what is no IP address
 */
export function clientKey(address: string): ClientKey | undefined {
  const zone = address.indexOf("%");
  const ip = parseIp(zone < 0 ? address : address.slice(0, zone));
  if (ip === undefined) return undefined;
  // No source address begins like this (RFC 4291 section 2.7: multicast).
  if ((ip >> 32n) === MAPPED_PREFIX) return { high: -1, low: Number(BigInt.asIntN(32, ip)) };
  return {
    high: Number(BigInt.asIntN(32, ip >> 96n)),
    low: Number(BigInt.asIntN(32, ip >> 64n)),
  };
}

/** The upper 96 bits of IPv4 in IPv6 (RFC 4291 section 2.5.5.2). */
const MAPPED_PREFIX = 0xffffn;
const WAYS = 16;
const SPINS = 200;
/** Listeners that allow more connections than this have room for as many clients as this. */
const MAX_CLIENTS = 1_000_000;

function bucketsFor({ maxConnections }: ClientSlotsShape): number {
  return Math.ceil(2 * Math.min(maxConnections, MAX_CLIENTS) / WAYS) + 1;
}

/** A lock, and for each way an address and a count for each worker. */
function bucketCells(workers: number): number {
  return 1 + WAYS * (2 + workers);
}
