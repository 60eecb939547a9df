import type { Candidate } from "../core/types.ts";
import { ArrivalOrder } from "../ds/arrival_order.ts";
import type { Balancer, PickRequest } from "./balancer.ts";

/**
 * The first server that may be taken, in order of first arrival (HAProxy, `balance first`).
 *
 * Neither load nor weight matters: the second server is for when the first is down or full.
 */
export class First<T extends Candidate> implements Balancer<T> {
  readonly #members = new ArrivalOrder<T>();

  add(candidate: T): void {
    this.#members.add(candidate);
  }

  remove(candidate: T): void {
    this.#members.delete(candidate);
  }

  pick(request: PickRequest<T>): T | undefined {
    for (const candidate of this.#members.items) {
      if (request.eligible(candidate)) return candidate;
    }
    return undefined;
  }
}
