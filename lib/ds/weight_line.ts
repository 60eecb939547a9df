import { firstAbove, gcd, runningSums } from "./weight_sums.ts";

/**
 * Owners laid end to end on a line, each as long as its weight, and a walk that visits every point
 * once a cycle.
 *
 * Turn `t` goes to the owner of point `t × stride mod length`; a stride near the golden section and
 * coprime to the length spreads each owner's turns evenly (Knuth, The Art of Computer Programming 3,
 * section 6.4). With equal weights it is plain rotation.
 */
export class WeightLine {
  /** Where each owner's stretch ends; absent when all weights are equal. */
  readonly #ends: Float64Array | undefined;
  readonly #length: number;
  readonly #stride: number;

  /** @param weights whole numbers above zero, at least one */
  constructor(weights: readonly number[]) {
    const first = weights[0];
    if (weights.every((weight) => weight === first)) {
      this.#length = weights.length;
      this.#stride = 1;
      return;
    }
    this.#ends = runningSums(shortened(inLowestTerms(weights)));
    this.#length = this.#ends[this.#ends.length - 1] ?? 0;
    this.#stride = evenStride(this.#length);
  }

  /** Index of the owner of the turn, a whole number below 2^32. */
  at(turn: number): number {
    if (this.#ends === undefined) return turn % this.#length;
    const point = ((turn % this.#length) * this.#stride) % this.#length;
    return firstAbove(this.#ends, point);
  }
}

/** The weights divided by their greatest common divisor. */
export function inLowestTerms(weights: readonly number[]): number[] {
  const divisor = weights.reduce(gcd, 0);
  return weights.map((weight) => weight / divisor);
}

/** The sum of all weights. */
export function totalOf(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

const GOLDEN_SECTION = 0.6180339887498949;
/** How far from the golden section a stride may be: 65 neighbours hold several coprimes to 2^26. */
const STRIDE_REACH = 32;

/** Longest line whose square is exact in a double: 2^26 points. */
const MAX_POINTS = 2 ** 26;

/** Scaled down when the line would get too long. */
function shortened(weights: readonly number[]): readonly number[] {
  const total = totalOf(weights);
  if (total <= MAX_POINTS) return weights;
  const scale = (MAX_POINTS - weights.length) / total;
  return weights.map((weight) => Math.max(1, Math.floor(weight * scale)));
}

/**
 * The stride near the golden section that leaves no owner idle for long. Being near is not enough:
 * the gaps grow with the terms of the continued fraction of stride / length, which for the golden
 * section itself are all 1. Without the choice an owner may wait 14 times its fair gap; with it 2.4.
 */
function evenStride(length: number): number {
  const golden = Math.round(length * GOLDEN_SECTION);
  let best = 1;
  let bestTerm = Infinity;
  const last = Math.min(length - 1, golden + STRIDE_REACH);
  for (let stride = Math.max(1, golden - STRIDE_REACH); stride <= last; stride++) {
    const term = largestTerm(stride, length);
    if (term >= bestTerm) continue;
    best = stride;
    bestTerm = term;
  }
  return best;
}

/** Largest term of the continued fraction of `a / b`; infinite when they have a common divisor. */
function largestTerm(a: number, b: number): number {
  let largest = 0;
  while (a !== 0) {
    largest = Math.max(largest, Math.floor(b / a));
    [a, b] = [b % a, a];
  }
  return b === 1 ? largest : Infinity;
}
