import type { Candidate } from "../core/types.ts";
import { type Drawable, WeightedDraw } from "../ds/weighted_draw.ts";
import type { Balancer, BalancerOptions, PickRequest } from "./balancer.ts";

/** Any server, as probable as its weight says. */
export class Random<T extends Candidate> implements Balancer<T> {
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
    return this.#members.draw(request)?.candidate;
  }
}
