/** Mean and deviation of the last so many intervals between heartbeats. */
export class ArrivalWindow {
  readonly #capacity: number;
  readonly #intervals: number[] = [];
  #next = 0;
  #sum = 0;
  #sumOfSquares = 0;

  /**
   * Starts with two intervals a quarter to either side of what is expected, as Akka does: at first it
   * is not sure of anything.
   *
   * @param capacity intervals that are remembered, 2 or more
   * @param expectedMs above 0
   */
  constructor(capacity: number, expectedMs: number) {
    this.#capacity = capacity;
    this.add(expectedMs * 0.75);
    this.add(expectedMs * 1.25);
  }

  get meanMs(): number {
    return this.#sum / this.#intervals.length;
  }

  /** Standard deviation of what is remembered. */
  get deviationMs(): number {
    const variance = this.#sumOfSquares / this.#intervals.length - this.meanMs ** 2;
    // Of equal intervals it may come out just below zero.
    return Math.sqrt(Math.max(0, variance));
  }

  /** @param intervalMs 0 or more */
  add(intervalMs: number): void {
    const oldest = this.#intervals[this.#next] ?? 0;
    this.#intervals[this.#next] = intervalMs;
    this.#next = (this.#next + 1) % this.#capacity;
    this.#sum += intervalMs - oldest;
    this.#sumOfSquares += intervalMs ** 2 - oldest ** 2;
    if (this.#next === 0) this.#sumAnew();
  }

  /** What adding and taking away leaves behind must not grow for months. */
  #sumAnew(): void {
    this.#sum = 0;
    this.#sumOfSquares = 0;
    for (const intervalMs of this.#intervals) {
      this.#sum += intervalMs;
      this.#sumOfSquares += intervalMs ** 2;
    }
  }
}
