/** The range of a {@linkcode LogHistogram}. */
export interface LogHistogramOptions {
  /** Values up to this share the first bucket. Above 0. @default {0.001} */
  readonly lowest?: number;
  /** Values from this on share the last bucket. Above `lowest`. @default {1e8} */
  readonly highest?: number;
  /** Largest relative error of a quantile between the two, 0 to 1. @default {0.01} */
  readonly accuracy?: number;
}

/**
 * How often values of each magnitude occurred, in memory that does not grow.
 *
 * Buckets are `(1 + accuracy) / (1 - accuracy)` times as wide as their neighbours below, so that every
 * value is within `accuracy` of the middle of its bucket (Masson, Rim, Lee: DDSketch, VLDB 2019).
 * With the defaults that is 1268 buckets, or 10 KiB: in milliseconds, from a microsecond to a day.
 */
export class LogHistogram {
  readonly #lowest: number;
  readonly #growth: number;
  /** Buckets per factor of e. */
  readonly #density: number;
  readonly #counts: Float64Array;
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor({ lowest = 1e-3, highest = 1e8, accuracy = 0.01 }: LogHistogramOptions = {}) {
    this.#lowest = lowest;
    this.#growth = (1 + accuracy) / (1 - accuracy);
    this.#density = 1 / Math.log(this.#growth);
    this.#counts = new Float64Array(Math.ceil(Math.log(highest / lowest) * this.#density) + 1);
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** `NaN` when nothing was recorded; so are `min` and `max`. */
  get mean(): number {
    return this.#sum / this.#count;
  }

  get min(): number {
    return this.#count === 0 ? NaN : this.#min;
  }

  get max(): number {
    return this.#count === 0 ? NaN : this.#max;
  }

  /** @param value 0 or more */
  record(value: number): void {
    this.#counts[this.#bucketOf(value)]! += 1;
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /**
   * The smallest value that at least the share `q` of all values does not exceed; `NaN` when nothing
   * was recorded.
   *
   * @param q 0 to 1; 0.99 is the 99th percentile
   */
  quantile(q: number): number {
    if (this.#count === 0) return NaN;
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    let bucket = -1;
    while (seen < rank) seen += this.#counts[++bucket]!;
    // The ends are known exactly, and no estimate may lie beyond them.
    return Math.min(this.#max, Math.max(this.#min, this.#middleOf(bucket)));
  }

  /** Forgets everything. */
  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#min = Infinity;
    this.#max = -Infinity;
  }

  /** Bucket `b` above 0 holds what is above `lowest * growth ** (b - 1)`, up to `growth` times that. */
  #bucketOf(value: number): number {
    if (!(value > this.#lowest)) return 0;
    const bucket = Math.ceil(Math.log(value / this.#lowest) * this.#density);
    return Math.min(bucket, this.#counts.length - 1);
  }

  /** As far, relatively, from the upper end of the bucket as from the lower one. */
  #middleOf(bucket: number): number {
    if (bucket === 0) return this.#lowest;
    return this.#lowest * this.#growth ** bucket * 2 / (1 + this.#growth);
  }
}
