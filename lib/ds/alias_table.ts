/**
 * Draws places by their weights, in the same time however many there are (Walker's alias method,
 * built in Vose's way, which takes time in proportion to their number).
 *
 * Columns of equal width, each shared by at most two places.
 */
export class AliasTable {
  readonly #count: number;
  /** Which part of a column belongs to its own place; absent when all weights are equal. */
  readonly #own: Float64Array | undefined;
  readonly #aliases: Uint32Array | undefined;

  /** @param weights 0 or more each, not all 0; read once */
  constructor(weights: Float64Array) {
    const count = weights.length;
    this.#count = count;
    const first = weights[0];
    if (weights.every((weight) => weight === first)) return;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#own = weights.map((weight) => weight * count / total);
    this.#aliases = fillUp(this.#own);
  }

  /** The place that one number draws: fine for as many places as it has digits to spare for. */
  index(chance: number): number {
    const point = chance * this.#count;
    const column = Math.floor(point);
    return this.at(column, point - column);
  }

  /**
   * The place in a column that was drawn.
   *
   * @param part uniform in [0, 1)
   */
  at(column: number, part: number): number {
    if (this.#own === undefined || this.#aliases === undefined) return column;
    return part < (this.#own[column] ?? 1) ? column : this.#aliases[column] ?? column;
  }
}

/** Fills each column that is less than full from one that is more, which is its alias. */
function fillUp(own: Float64Array): Uint32Array {
  const aliases = new Uint32Array(own.length);
  const small: number[] = [];
  const large: number[] = [];
  own.forEach((part, column) => (part < 1 ? small : large).push(column));
  for (;;) {
    const to = small.pop();
    const from = large.pop();
    if (to === undefined || from === undefined) {
      // What rounding left over is full.
      if (to !== undefined) own[to] = 1;
      for (const column of small) own[column] = 1;
      return aliases;
    }
    aliases[to] = from;
    own[from] = (own[from] ?? 0) - (1 - (own[to] ?? 0));
    ((own[from] ?? 0) < 1 ? small : large).push(from);
  }
}
