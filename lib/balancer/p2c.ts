import type { Candidate } from "../core/types.ts";
import { type Drawable, WeightedDraw } from "../ds/weighted_draw.ts";
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
  readonly #entries = new Map<T, Drawable<T>>();
  readonly #members: WeightedDraw<T, Drawable<T>>;

  constructor(options: Pick<BalancerOptions, "random">) {
    this.#members = new WeightedDraw(options.random);
  }

  add(candidate: T): void {
    if (this.#entries.has(candidate)) return;
    const entry = { candidate, place: -1 };
    this.#entries.set(candidate, entry);
    this.#members.add(entry);
  }

  remove(candidate: T): void {
    const entry = this.#entries.get(candidate);
    if (entry === undefined) return;
    this.#entries.delete(candidate);
    this.#members.remove(entry);
  }

  weightChanged(candidate: T): void {
    if (this.#entries.has(candidate)) this.#members.weightsChanged();
  }

  pick(request: PickRequest<T>): T | undefined {
    const first = this.#members.draw(request);
    if (first === undefined) return undefined;
    const second = this.#members.draw(request, first);
    if (second === undefined) return first.candidate;
    const isBetter = costOf(second.candidate) < costOf(first.candidate);
    return isBetter ? second.candidate : first.candidate;
  }
}

function costOf(candidate: Candidate): number {
  const { load } = candidate;
  return load === 0 ? 0 : (load + 1) / candidate.weight;
}
