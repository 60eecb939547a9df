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

/** Keys drawn by Zipf's law, in two steps each however many there are (Walker's alias method). */
export function zipfKeys({ count, zipf }: KeyOptions, random: () => number): KeySource {
  const { shares, aliases } = aliasTable(count, zipf);
  return () => {
    const place = Math.floor(random() * count);
    return hashNumber(random() < shares[place]! ? place : aliases[place]!);
  };
}

interface AliasTable {
  /** Chance of each place to stay when it is drawn. */
  readonly shares: Float64Array;
  /** What is taken instead. */
  readonly aliases: Int32Array;
}

/** Vose's way to build the table, which takes time in proportion to `count`. */
function aliasTable(count: number, zipf: number): AliasTable {
  const shares = Float64Array.from({ length: count }, (_, place) => (place + 1) ** -zipf);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const aliases = Int32Array.from({ length: count }, (_, place) => place);
  const small: number[] = [];
  const large: number[] = [];
  for (let place = 0; place < count; place++) {
    shares[place] = shares[place]! * count / total;
    (shares[place]! < 1 ? small : large).push(place);
  }
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large.at(-1)!;
    aliases[less] = more;
    shares[more] = shares[more]! - (1 - shares[less]!);
    if (shares[more]! < 1) small.push(large.pop()!);
  }
  // What is left over is a full share but for rounding.
  for (const place of [...small, ...large]) shares[place] = 1;
  return { shares, aliases };
}

/** The hash of the key with a number. */
export function hashNumber(number: number): number {
  return combine(number, 0);
}
