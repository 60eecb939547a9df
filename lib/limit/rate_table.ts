import type { Gcra } from "./gcra.ts";

/** Entries of a set: eight words are a cache line. */
const WAYS = 8;
const SETS = 2 ** 14;

/** Keys whose buckets a table can hold at once. */
export const TABLE_KEYS = SETS * WAYS;
/** Size of the memory of a {@linkcode RateTable}: one MiB. */
export const TABLE_BYTES = TABLE_KEYS * 8;

/**
 * How far a thread may lag behind another: not so much for its clock as for what the system does to
 * it between a look at the clock and a look at the table. Milliseconds.
 */
const MAX_LAG_MS = 60_000;
/** Moments are kept modulo this many ticks. */
const WRAP = 2 ** 40;

/** What a key's hash has to give. */
export interface KeyHash {
  readonly low: number;
  readonly high: number;
}

/**
 * The buckets of one rate limit, for all threads together, in memory of a fixed size.
 *
 * An entry is one word: 24 bits of the key's hash, and the tick at which its bucket will be full (the
 * "theoretical arrival time" of the algorithm). It is changed with compare-and-exchange, so that of
 * two threads each sees what the other let through: the limit is exact over all, and no lock is left
 * behind by a thread that dies.
 *
 * An entry whose tick has passed says as much as none, and is free. A key that finds none free in its
 * set of eight takes the place of the one with the least debt and begins with that debt (the *Space
 * Saving* algorithm of Metwally, Agrawal and El Abbadi, 2005). Debts in a set never shrink but by the
 * passing of time, and a key that lost its place comes back to at least the debt it left. So a flood
 * of keys makes nobody's bucket fuller: a limit holds for each key whatever others send. What a flood
 * of more than {@linkcode TABLE_KEYS} keys can do is to make newcomers share buckets.
 *
 * The order of a set's entries does not depend on the time, so two threads that look for a place for
 * one key choose the same, and one of them fails to change it: no key gets two.
 *
 * Two keys of a set share a bucket when their 24 bits agree, one in two million pairs of keys.
 */
export class RateTable {
  readonly #words: BigUint64Array;
  readonly #rule: Gcra;
  /** The greatest debt that can be: what seems to be more is long past. */
  readonly #reach: number;

  /** @param words {@linkcode TABLE_KEYS}, zero at first; the same memory for all threads */
  constructor(words: BigUint64Array, rule: Gcra) {
    this.#words = words;
    this.#rule = rule;
    this.#reach = rule.tolerance + rule.ticksIn(MAX_LAG_MS);
  }

  /**
   * Takes a request out of a key's bucket, if there is one left.
   *
   * @param nowMs monotonic milliseconds of a clock that all threads share
   * @returns milliseconds until the key may have one; 0 or less: it has been given it
   */
  take(key: KeyHash, nowMs: number): number {
    const now = this.#rule.tickAt(nowMs);
    for (;;) {
      const { at, word } = this.#find(key, now);
      const debt = this.#rule.afterRequest(this.#debtOf(word, now));
      const waitMs = this.#rule.waitMs(debt);
      if (waitMs > 0 || this.#replace(at, word, wordOf(key, now + debt))) return waitMs;
    }
  }

  /** What {@linkcode take} would answer, without taking anything. */
  peek(key: KeyHash, nowMs: number): number {
    const now = this.#rule.tickAt(nowMs);
    const { word } = this.#find(key, now);
    return this.#rule.waitMs(this.#rule.afterRequest(this.#debtOf(word, now)));
  }

  /** The key's entry, or the one whose place it would take. */
  #find(key: KeyHash, now: number): Place {
    const first = (key.low & (SETS - 1)) * WAYS;
    const tag = tagOf(key);
    let at = first;
    let least = Infinity;
    let word = EMPTY;
    for (let way = first; way < first + WAYS; way++) {
      const found = Atomics.load(this.#words, way);
      if (Number(found >> TAG_SHIFT) === tag) return { at: way, word: found };
      const debt = this.#debtOf(found, now);
      if (debt >= least) continue;
      at = way;
      least = debt;
      word = found;
    }
    return { at, word };
  }

  /** Ticks until the bucket is full; below 0 when it has been for so long. */
  #debtOf(word: bigint, now: number): number {
    if (word === EMPTY) return -WRAP;
    const ahead = modulo(Number(BigInt.asUintN(TICK_BITS, word)) - now);
    return ahead <= this.#reach ? ahead : ahead - WRAP;
  }

  #replace(at: number, word: bigint, by: bigint): boolean {
    return Atomics.compareExchange(this.#words, at, word, by) === word;
  }
}

interface Place {
  readonly at: number;
  readonly word: bigint;
}

const EMPTY = 0n;
const TICK_BITS = 40;
const TAG_SHIFT = 40n;

/** 24 bits that have no part in the choice of the set, and are never 0: that is an empty entry. */
function tagOf({ high }: KeyHash): number {
  return (high >>> 8) || 1;
}

function wordOf(key: KeyHash, tick: number): bigint {
  return BigInt(tagOf(key)) << TAG_SHIFT | BigInt(modulo(tick));
}

function modulo(ticks: number): number {
  const rest = ticks % WRAP;
  return rest < 0 ? rest + WRAP : rest;
}
