/**
 * A min-heap of moments, each with a whole number that says what happens then.
 *
 * Lies in two typed arrays, so that pushing and popping allocate nothing; four children a node, which
 * halves the depth and keeps siblings on one cache line. Of equal moments the smaller number comes
 * out first: the order depends on nothing but what is in the heap.
 */
export class TimeHeap {
  #times: Float64Array;
  #values: Int32Array;
  #size = 0;

  /** @param capacity for how many there is room before it has to grow, 1 or more */
  constructor(capacity = 1024) {
    this.#times = new Float64Array(capacity);
    this.#values = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** The earliest moment; `Infinity` when there is none. */
  get firstTime(): number {
    return this.#size === 0 ? Infinity : this.#times[0]!;
  }

  /** @param value a whole number of 31 bits, 0 or more */
  push(time: number, value: number): void {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const values = this.#values;
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      const parentTime = times[parent]!;
      if (parentTime < time || (parentTime === time && values[parent]! <= value)) break;
      times[place] = parentTime;
      values[place] = values[parent]!;
      place = parent;
    }
    times[place] = time;
    values[place] = value;
  }

  /** Takes out what comes first and returns its number; -1 when there is nothing. */
  pop(): number {
    if (this.#size === 0) return -1;
    const first = this.#values[0]!;
    const last = --this.#size;
    if (last > 0) this.#sink(this.#times[last]!, this.#values[last]!);
    return first;
  }

  /** Puts an entry in its place, beginning with a hole at the top. */
  #sink(time: number, value: number): void {
    const times = this.#times;
    const values = this.#values;
    const size = this.#size;
    let place = 0;
    for (let child = 1; child < size; child = 4 * place + 1) {
      const end = Math.min(child + 4, size);
      let best = child;
      let bestTime = times[child]!;
      for (let other = child + 1; other < end; other++) {
        const otherTime = times[other]!;
        if (otherTime > bestTime) continue;
        if (otherTime === bestTime && values[other]! > values[best]!) continue;
        best = other;
        bestTime = otherTime;
      }
      if (bestTime > time || (bestTime === time && values[best]! >= value)) break;
      times[place] = bestTime;
      values[place] = values[best]!;
      place = best;
    }
    times[place] = time;
    values[place] = value;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    const values = new Int32Array(times.length);
    times.set(this.#times);
    values.set(this.#values);
    this.#times = times;
    this.#values = values;
  }
}
