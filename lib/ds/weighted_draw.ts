import { AliasTable } from "./alias_table.ts";

/** A candidate, whose weight is above zero, and what a {@linkcode WeightedDraw} keeps beside it. */
export interface Drawable<T extends { readonly weight: number }> {
  readonly candidate: T;
  /** Where the set keeps it; -1 while it is in none. Written by the set alone. */
  place: number;
}

/** Says no to candidates that may not be drawn. Pure. */
export interface Filter<T> {
  eligible(candidate: T): boolean;
}

/** Draws until a refused one is answered by looking at all: enough where few are refused. */
const TRIES = 6;

/**
 * A set from which members are drawn by weight in constant time (alias method: M. D. Vose, A linear
 * algorithm for generating random numbers with a given distribution, IEEE TSE 17, 1991).
 */
export class WeightedDraw<T extends { readonly weight: number }, E extends Drawable<T>> {
  readonly #random: () => number;
  readonly #entries: E[] = [];
  /** Built at the first draw after a change. */
  #table: AliasTable | undefined;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Adds an entry; one that is in the set already stays as it is. */
  add(entry: E): void {
    if (entry.place !== -1) return;
    entry.place = this.#entries.length;
    this.#entries.push(entry);
    this.#table = undefined;
  }

  /** Takes an entry out; one that is not in the set is no error. */
  remove(entry: E): void {
    const { place } = entry;
    if (place === -1) return;
    entry.place = -1;
    this.#table = undefined;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#entries[place] = last;
    last.place = place;
  }

  /** To be told after the weight of a member changed. */
  weightsChanged(): void {
    this.#table = undefined;
  }

  /**
   * One of those that `filter` accepts, other than `except`, by weight; `undefined` when there is
   * none. Draws first and asks then; when that meets only refused ones, chooses among all the rest.
   */
  draw(filter: Filter<T>, except?: E): E | undefined {
    const count = this.#entries.length;
    if (count === 0) return undefined;
    const table = this.#table ??= new AliasTable(Float64Array.from(this.#entries, weightOf));
    for (let i = 0; i < TRIES; i++) {
      const entry = this.#entries[table.index(this.#random())];
      if (entry === undefined || entry === except) continue;
      if (filter.eligible(entry.candidate)) return entry;
    }
    return this.#drawFromAll(filter, except);
  }

  #drawFromAll(filter: Filter<T>, except: E | undefined): E | undefined {
    let total = 0;
    let chosen: E | undefined;
    for (const entry of this.#entries) {
      if (entry === except || !filter.eligible(entry.candidate)) continue;
      const { weight } = entry.candidate;
      total += weight;
      // Each takes the place of those before with its part of what was seen so far.
      if (this.#random() * total < weight) chosen = entry;
    }
    return chosen;
  }
}

function weightOf(entry: Drawable<{ readonly weight: number }>): number {
  return entry.candidate.weight;
}
