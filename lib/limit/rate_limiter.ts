import { HalfSipHash } from "../ds/half_sip_hash.ts";
import { Gcra, type Rate } from "./gcra.ts";
import { RateTable, TABLE_BYTES } from "./rate_table.ts";

/** The secret of the hash and the latest time stand before the buckets, in a cache line of their own. */
const SECRET_BYTES = 64;
/** Where the latest time stands, in words of 32 bits. */
const TIME_PLACE = 2;
/** Times that threads tell each other are in sixteenths of a millisecond, modulo 2^32. */
const PARTS_PER_MS = 16;
/** Another thread's clock may be that much ahead; what seems to be more is long past. */
const MAX_LEAD = 1000 * PARTS_PER_MS;

/**
 * What all threads share of one rate limit.
 *
 * @param secret two random words that nobody can guess: who knows them can aim at others' buckets
 */
export function createRateBuffer(secret: Uint32Array): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(SECRET_BYTES + TABLE_BYTES);
  new Uint32Array(buffer).set(secret.subarray(0, 2));
  return buffer;
}

/** One rate limit in one thread: so many requests for each key, exact over all threads. */
export class RateLimiter {
  readonly rate: Rate;
  readonly #table: RateTable;
  readonly #hash: HalfSipHash;
  readonly #shared: Int32Array;

  /** @param buffer of {@linkcode createRateBuffer}, the same in all threads */
  constructor(rate: Rate, buffer: SharedArrayBuffer) {
    const [key0 = 0, key1 = 0] = new Uint32Array(buffer, 0, 2);
    this.rate = rate;
    this.#shared = new Int32Array(buffer, 0, TIME_PLACE + 1);
    this.#hash = new HalfSipHash(key0, key1);
    this.#table = new RateTable(new BigUint64Array(buffer, SECRET_BYTES), new Gcra(rate));
  }

  /**
   * Takes one request of a key, if it has one left.
   *
   * @param nowMs monotonic milliseconds of a clock that all threads share
   * @returns milliseconds until the key may have one; 0 or less: it has been given it
   */
  take(key: string, nowMs: number): number {
    this.#hash.hash(key);
    return this.#table.take(this.#hash, this.#latest(nowMs));
  }

  /** What {@linkcode take} would answer, without taking anything. */
  peek(key: string, nowMs: number): number {
    this.#hash.hash(key);
    return this.#table.peek(this.#hash, this.#latest(nowMs));
  }

  /**
   * The time, but not before the latest that any thread has gone by: to a thread whose clock is a
   * little behind, what others let through a moment ago would seem to come from the future, and the
   * last request of a burst would be refused.
   */
  #latest(nowMs: number): number {
    const mine = Math.ceil(nowMs * PARTS_PER_MS);
    const seen = Atomics.load(this.#shared, TIME_PLACE);
    const lead = (seen - (mine | 0)) | 0;
    if (lead > 0 && lead <= MAX_LEAD) return (mine + lead) / PARTS_PER_MS;
    // That another thread is faster changes nothing: it wrote a time that is as good.
    if (lead !== 0) Atomics.compareExchange(this.#shared, TIME_PLACE, seen, mine | 0);
    return mine / PARTS_PER_MS;
  }
}
