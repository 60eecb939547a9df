import { inLowestTerms, totalOf } from "./weight_line.ts";

/** Longest cycle that is kept: 65,536 turns in 128 KiB. Indexes fit 16 bits for the same reason. */
export const MAX_SMOOTH_TURNS = 65_536;

/**
 * The smooth weighted order of NGINX (`ngx_http_upstream_get_peer`), by number of the turn.
 *
 * At each turn every owner gains its weight, the one with the most (the first of these) has the turn
 * and pays the sum of all weights: {5, 1, 1} gives a a b a c a a. The order repeats after that sum.
 *
 * Owners of equal weight differ only in how often they had a turn, so they take turns among
 * themselves in the order of the list. One account for all of them is enough, that of the next in
 * line, and a turn costs as much as there are different weights. The cycle is worked out as far as it
 * is asked for.
 */
export class SmoothOrder {
  readonly #cycle: Uint16Array;
  /** How much of the cycle is worked out. */
  #known = 0;
  readonly #classes: readonly WeightClass[];
  /** What the next in line of each class has gained and not paid. */
  readonly #credits: Int32Array;
  readonly #weights: Int32Array;
  /** The next in line of each class. */
  readonly #heads: Int32Array;

  /** @param weights whole numbers above zero; their sum in lowest terms at most {@linkcode MAX_SMOOTH_TURNS} */
  constructor(weights: readonly number[]) {
    const reduced = inLowestTerms(weights);
    const total = totalOf(reduced);
    if (total > MAX_SMOOTH_TURNS) {
      throw new RangeError(
        `Cannot keep a cycle: it must have at most ${MAX_SMOOTH_TURNS} turns: it has ${total}`,
      );
    }
    this.#cycle = new Uint16Array(total);
    this.#classes = classesOf(reduced);
    this.#credits = new Int32Array(this.#classes.length);
    this.#weights = Int32Array.from(this.#classes, ({ weight }) => weight);
    this.#heads = Int32Array.from(this.#classes, ({ owners }) => owners[0] ?? 0);
  }

  /** Index of the owner of the turn, a whole number below 2^32. */
  at(turn: number): number {
    const place = turn % this.#cycle.length;
    while (this.#known <= place) this.#cycle[this.#known++] = this.#step();
    return this.#cycle[place] ?? 0;
  }

  #step(): number {
    const best = this.#richest();
    const owner = this.#heads[best] ?? 0;
    const group = this.#classes[best];
    if (group === undefined) return owner;
    group.served++;
    if (group.served === group.owners.length) {
      // All of them have paid now; until then the next in line had what the last one had.
      group.served = 0;
      this.#credits[best] = (this.#credits[best] ?? 0) - this.#cycle.length;
    }
    this.#heads[best] = group.owners[group.served] ?? 0;
    return owner;
  }

  /** Gives each class its weight and finds the one with the most, of these the first in the list. */
  #richest(): number {
    let best = 0;
    let most = -Infinity;
    let head = 0;
    for (let i = 0; i < this.#credits.length; i++) {
      const credit = (this.#credits[i] ?? 0) + (this.#weights[i] ?? 0);
      this.#credits[i] = credit;
      if (credit < most || (credit === most && (this.#heads[i] ?? 0) > head)) continue;
      best = i;
      most = credit;
      head = this.#heads[i] ?? 0;
    }
    return best;
  }
}

/** Owners of equal weight. */
interface WeightClass {
  readonly weight: number;
  /** Their indexes, in the order of the list. */
  readonly owners: number[];
  /** How many had their turn in this round. */
  served: number;
}

function classesOf(weights: readonly number[]): WeightClass[] {
  const byWeight = new Map<number, WeightClass>();
  for (const [owner, weight] of weights.entries()) {
    const known = byWeight.get(weight);
    if (known === undefined) byWeight.set(weight, { weight, owners: [owner], served: 0 });
    else known.owners.push(owner);
  }
  return [...byWeight.values()];
}
