import type { Candidate } from "../core/types.ts";
import { WeightedSet } from "../ds/weighted_set.ts";
import type { Balancer, BalancerOptions, PickRequest } from "./balancer.ts";

/** Any server, as probable as its weight says. */
export class Random<T extends Candidate> implements Balancer<T> {
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
    return this.#members.draw(request)?.candidate;
  }
}
