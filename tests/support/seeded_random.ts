/** Uniform numbers in [0, 1) that repeat for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to `below - 1`. */
export function wholeBelow(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

/** One of `items`, which must not be empty. */
export function oneOf<T>(random: () => number, items: readonly T[]): T {
  const item = items[wholeBelow(random, items.length)];
  if (item === undefined) throw new RangeError("Cannot choose: there are no items");
  return item;
}

/** `length` bytes of noise. */
export function randomBytes(random: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => wholeBelow(random, 256));
}
