import { AliasTable } from "../ds/alias_table.ts";
import { combine } from "../ds/hash.ts";

/** Draws the 32-bit hashes of affinity keys. */
export type KeySource = () => number;

/** Which keys there are, and how often each comes. */
export interface KeyOptions {
  /** Different keys, 1 or more. */
  readonly count: number;
  /** Key k comes in proportion to `1 / k ** zipf`; 0 makes all alike. */
  readonly zipf: number;
}

/** Keys drawn by Zipf's law, in the same time however many there are. */
export function zipfKeys({ count, zipf }: KeyOptions, random: () => number): KeySource {
  const weights = Float64Array.from({ length: count }, (_, place) => (place + 1) ** -zipf);
  const table = new AliasTable(weights);
  // Two numbers a key: of one, ten million columns would leave nine bits for the part of a column.
  return () => hashNumber(table.at(Math.floor(random() * count), random()));
}

/** The hash of the key with a number. */
export function hashNumber(number: number): number {
  return combine(number, 0);
}
