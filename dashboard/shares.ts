import { KEPT_POINTS } from "./history.ts";

/** Work that one backend, or several together, got of late: in a second, at each point. */
export class Track {
  readonly #values = new Float32Array(KEPT_POINTS);
  #sum = 0;

  /** All of it. */
  get sum(): number {
    return this.#sum;
  }

  /** @param place number of the point, counted since the start */
  set(place: number, value: number): void {
    const at = place % KEPT_POINTS;
    const stored = Math.fround(value);
    // Float32 in float64: a sum that comes out exact, however long it runs, to a negligible part.
    this.#sum += stored - (this.#values[at] ?? 0);
    this.#values[at] = stored;
  }

  at(place: number): number {
    return this.#values[place % KEPT_POINTS] ?? 0;
  }

  /** Mean of the last points. */
  recent(place: number, points: number): number {
    const count = Math.min(points, place + 1);
    let sum = 0;
    for (let back = 0; back < count; back++) sum += this.at(place - back);
    return count === 0 ? 0 : sum / count;
  }
}

/** Backends that are told apart in the chart of shares; the others are one. */
export const SHOWN_SHARES = 7;

/**
 * Who has a colour: those with the most work. Who had one and still belongs to them keeps it, so that
 * colours do not jump.
 *
 * @param ranked keys, the one with the most work first
 * @param before what this function gave last time; `undefined` is a colour that is free
 */
export function assignColours(
  ranked: readonly string[],
  before: readonly (string | undefined)[],
): (string | undefined)[] {
  const top = new Set(ranked.slice(0, SHOWN_SHARES));
  const places = Array.from({ length: SHOWN_SHARES }, (_, place) => {
    const key = before[place];
    return key !== undefined && top.delete(key) ? key : undefined;
  });
  const newcomers = [...top];
  return places.map((key) => key ?? newcomers.shift());
}

/**
 * Parts of a whole at each point, one upon the other: the last layer is 1 wherever there was work.
 *
 * @param layers from the bottom up
 */
export function stack(
  layers: readonly Track[],
  total: Track,
  places: readonly number[],
): (number | null)[][] {
  const heights = places.map(() => 0);
  return layers.map((layer) =>
    places.map((place, at) => {
      const whole = total.at(place);
      if (whole <= 0) return null;
      heights[at] = Math.min(1, (heights[at] ?? 0) + layer.at(place) / whole);
      return heights[at] ?? 0;
    })
  );
}
