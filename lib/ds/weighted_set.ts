import { type Drawable, WeightedDraw } from "./weighted_draw.ts";

/** A {@linkcode WeightedDraw} of plain candidates, which are known by themselves. */
export class WeightedSet<T extends { readonly weight: number }> {
  /** What is drawn from: held by who draws, so that a draw has no step more. */
  readonly members: WeightedDraw<T, Drawable<T>>;
  readonly #entries = new Map<T, Drawable<T>>();

  /** @param random uniform in [0, 1) */
  constructor(random: () => number) {
    this.members = new WeightedDraw(random);
  }

  /** Adds a candidate; one that is in the set already stays as it is. */
  add(candidate: T): void {
    if (this.#entries.has(candidate)) return;
    const entry = { candidate, place: -1 };
    this.#entries.set(candidate, entry);
    this.members.add(entry);
  }

  /** Takes a candidate out; one that is not in the set is no error. */
  remove(candidate: T): void {
    const entry = this.#entries.get(candidate);
    if (entry === undefined) return;
    this.#entries.delete(candidate);
    this.members.remove(entry);
  }

  /** To be told after a candidate's weight changed. */
  weightChanged(candidate: T): void {
    if (this.#entries.has(candidate)) this.members.weightsChanged();
  }
}
