import { type Cidr, MAPPED, parseIpv4, parseIpv6 } from "./cidr.ts";

/**
 * IP addresses by block: a binary search over ranges that neither touch nor overlap.
 *
 * All of it is in one piece of shared memory, so that a list of any length is built once and costs
 * no thread a copy. Words of 32 bits: how many ranges of IPv4 and how many in all, then the first
 * address of each of IPv4, the last of each, and the same for all of them as IPv6 of four words.
 */
export class CidrSet {
  /** For {@linkcode CidrSet} in another thread. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Uint32Array;
  readonly #size4: number;
  readonly #size6: number;

  /** @param buffer of another set */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Uint32Array(buffer);
    this.#size4 = this.#words[0] ?? 0;
    this.#size6 = this.#words[1] ?? 0;
  }

  static of(cidrs: Iterable<Cidr>): CidrSet {
    const ranges = merge([...cidrs]);
    const ranges4 = ranges.flatMap(ipv4Part);
    const words = HEAD_WORDS + 2 * ranges4.length + 8 * ranges.length;
    const buffer = new SharedArrayBuffer(4 * words);
    const place = new Uint32Array(buffer);
    place.set([ranges4.length, ranges.length]);
    ranges4.forEach(({ first, last }, index) => {
      place[HEAD_WORDS + index] = first;
      place[HEAD_WORDS + ranges4.length + index] = last;
    });
    const start = HEAD_WORDS + 2 * ranges4.length;
    ranges.forEach(({ first, last }, index) => {
      place.set(wordsOf(first), start + 4 * index);
      place.set(wordsOf(last), start + 4 * (ranges.length + index));
    });
    return new CidrSet(buffer);
  }

  /** Holds the set no address at all? */
  get isEmpty(): boolean {
    return this.#size6 === 0;
  }

  /** Holds the set that address? `false` for what is no address; a zone (`%eth0`) is ignored. */
  has(address: string): boolean {
    if (this.isEmpty) return false;
    if (!address.includes(":")) {
      const ipv4 = parseIpv4(address);
      return ipv4 !== undefined && this.#has4(ipv4);
    }
    const zone = address.indexOf("%");
    const ipv6 = parseIpv6(zone < 0 ? address : address.slice(0, zone));
    return ipv6 !== undefined && this.#has6(wordsOf(ipv6));
  }

  #has4(value: number): boolean {
    const words = this.#words;
    const place = countUpTo(this.#size4, (index) => words[HEAD_WORDS + index]! <= value);
    return place > 0 && value <= words[HEAD_WORDS + this.#size4 + place - 1]!;
  }

  #has6(value: readonly number[]): boolean {
    const firsts = HEAD_WORDS + 2 * this.#size4;
    const lasts = firsts + 4 * this.#size6;
    const place = countUpTo(this.#size6, (index) => this.#compare(firsts + 4 * index, value) <= 0);
    return place > 0 && this.#compare(lasts + 4 * (place - 1), value) >= 0;
  }

  /** How the address in the four words at `place` compares with `value`. */
  #compare(place: number, value: readonly number[]): number {
    for (let word = 0; word < 4; word++) {
      const difference = this.#words[place + word]! - value[word]!;
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

const HEAD_WORDS = 2;

function merge(cidrs: Cidr[]): Cidr[] {
  cidrs.sort((a, b) => a.first < b.first ? -1 : a.first > b.first ? 1 : 0);
  const merged: Cidr[] = [];
  for (const cidr of cidrs) {
    const before = merged.at(-1);
    if (before === undefined || cidr.first > before.last + 1n) merged.push(cidr);
    else if (cidr.last > before.last) {
      merged[merged.length - 1] = { first: before.first, last: cidr.last };
    }
  }
  return merged;
}

/** A range may reach beyond what IPv4 is mapped to: ::/0 holds every IPv4 address. */
function ipv4Part({ first, last }: Cidr): { first: number; last: number }[] {
  const low = first > MAPPED ? first : MAPPED;
  const high = last < (MAPPED | 0xffffffffn) ? last : MAPPED | 0xffffffffn;
  return low > high ? [] : [{ first: Number(low - MAPPED), last: Number(high - MAPPED) }];
}

function wordsOf(ip: bigint): number[] {
  return [96n, 64n, 32n, 0n].map((shift) => Number(ip >> shift & 0xffffffffn));
}

/** How many of the first of `size` places hold `isBelow`, which those after them do not. */
function countUpTo(size: number, isBelow: (index: number) => boolean): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
