import type { Candidate } from "../core/types.ts";
import { type Drawable, WeightedDraw } from "../ds/weighted_draw.ts";
import type { Balancer, BalancerOptions, PickRequest } from "./balancer.ts";

/** Any server, as probable as its weight says. */
export class Random<T extends Candidate> implements Balancer<T> {
  readonly #members: WeightedDraw<T, Drawable<T>>;

  constructor(options: Pick<BalancerOptions, "random">) {
    this.#members = new WeightedDraw(options.random);
  }

  add(candidate: T): void {
    if (!this.#members.has(candidate)) this.#members.add({ candidate });
  }

  remove(candidate: T): void {
    this.#members.remove(candidate);
  }

  weightChanged(candidate: T): void {
    this.#members.weightChanged(candidate);
  }

  pick(request: PickRequest<T>): T | undefined {
    return this.#members.draw(request)?.candidate;
  }
}
