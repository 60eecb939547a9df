export { seededRandom } from "../../lib/ds/seeded_random.ts";

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
