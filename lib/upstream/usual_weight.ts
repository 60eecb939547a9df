import type { BackendSpec } from "../core/types.ts";

/** The median of the weights above zero: the same in all threads and for as long as nothing is new. */
export function usualWeight(backends: readonly Pick<BackendSpec, "weight">[]): number {
  const weights = backends.map(({ weight }) => weight).filter((weight) => weight > 0);
  return weights.sort((a, b) => a - b)[weights.length >> 1] ?? 1;
}
