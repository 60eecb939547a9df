import type { Candidate } from "../core/types.ts";
import { MAX_SMOOTH_TURNS, SmoothOrder } from "../ds/smooth_order.ts";
import { inLowestTerms, totalOf, WeightLine } from "../ds/weight_line.ts";
import type { BalancerOptions } from "./balancer.ts";
import { RoundRobin, type TurnOrder } from "./round_robin.ts";

/**
 * {@linkcode RoundRobin} whose turns are in the smooth order of NGINX: {5, 1, 1} gives a a b a c a a.
 *
 * Where the cycle has over {@linkcode MAX_SMOOTH_TURNS} turns, nobody could tell its order; it is
 * then that of `round_robin`, which needs no table.
 */
export function createWeightedRoundRobin<T extends Candidate>(
  options: Pick<BalancerOptions, "nextTurn">,
): RoundRobin<T> {
  return new RoundRobin<T>(options, arrangeSmoothly);
}

function arrangeSmoothly(weights: readonly number[]): TurnOrder {
  const first = weights[0];
  const short = totalOf(inLowestTerms(weights)) <= MAX_SMOOTH_TURNS;
  // The smooth order of equal weights is plain rotation.
  const equal = weights.every((weight) => weight === first);
  return short && !equal ? new SmoothOrder(weights) : new WeightLine(weights);
}
