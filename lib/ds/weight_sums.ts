/** Sums of the weights up to each, itself included: where its stretch of a line ends. */
export function runningSums(weights: readonly number[]): Float64Array {
  let sum = 0;
  return Float64Array.from(weights, (weight) => sum += weight);
}

/** Index of the first end above `point`, which must be below the last one. */
export function firstAbove(ends: Float64Array, point: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > point) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Greatest common divisor of two whole numbers; of 0 and another it is the other. */
export function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
