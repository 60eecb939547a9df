import { HalfSipHash } from "../ds/half_sip_hash.ts";
import { Gcra, type Rate } from "./gcra.ts";
import { RateTable, TABLE_BYTES } from "./rate_table.ts";

/** The secret of the hash stands before the buckets, in a cache line of its own. */
const SECRET_BYTES = 64;

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

  /** @param buffer of {@linkcode createRateBuffer}, the same in all threads */
  constructor(rate: Rate, buffer: SharedArrayBuffer) {
    const [key0 = 0, key1 = 0] = new Uint32Array(buffer, 0, 2);
    this.rate = rate;
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
    return this.#table.take(this.#hash, nowMs);
  }

  /** What {@linkcode take} would answer, without taking anything. */
  peek(key: string, nowMs: number): number {
    this.#hash.hash(key);
    return this.#table.peek(this.#hash, nowMs);
  }
}
