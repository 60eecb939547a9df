import type { Candidate } from "../core/types.ts";
import { WeightedSet } from "../ds/weighted_set.ts";
import type { Balancer, BalancerOptions, PickRequest } from "./balancer.ts";

/**
 * The less loaded of two servers drawn by weight (M. Mitzenmacher, The power of two choices in
 * randomized load balancing, IEEE TPDS 12, 2001).
 *
 * The cost of one more is that of `least_connections`: `(load + 1) / weight`, and 0 for an idle
 * server. Ties go to the one drawn first, so idle servers share by weight. A new server is drawn no
 * more often than its weight says, so it is not run over, and threads need no common order.
 */
export class P2c<T extends Candidate> implements Balancer<T> {
  readonly #set: WeightedSet<T>;
  readonly #members: WeightedSet<T>["members"];

  constructor(options: Pick<BalancerOptions, "random">) {
    this.#set = new WeightedSet(options.random);
    this.#members = this.#set.members;
  }

  add(candidate: T): void {
    this.#set.add(candidate);
  }

  remove(candidate: T): void {
    this.#set.remove(candidate);
  }

  weightChanged(candidate: T): void {
    this.#set.weightChanged(candidate);
  }

  pick(request: PickRequest<T>): T | undefined {
    const first = this.#members.draw(request);
    if (first === undefined) return undefined;
    const second = this.#members.draw(request, first);
    if (second === undefined) return first.candidate;
    const isBetter = costOf(second.candidate) < costOf(first.candidate);
    return isBetter ? second.candidate : first.candidate;
  }

  cost(candidate: T): number {
    return costOf(candidate);
  }
}

function costOf(candidate: Candidate): number {
  const { load } = candidate;
  return load === 0 ? 0 : (load + 1) / candidate.weight;
}
