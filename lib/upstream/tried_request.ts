import type { PickRequest } from "../balancer/balancer.ts";
import type { Backend, Candidate } from "../core/types.ts";
import type { Gates } from "./gate.ts";

/** The one pick request of an upstream, filled anew for each pick: picking allocates nothing. */
export class TriedRequest implements PickRequest<Backend> {
  key = 0;
  readonly #gates: Gates;
  #tried: ReadonlySet<Candidate> | undefined;

  constructor(gates: Gates) {
    this.#gates = gates;
  }

  with(key: number, tried: ReadonlySet<Candidate> | undefined): this {
    this.key = key;
    this.#tried = tried;
    return this;
  }

  eligible(candidate: Backend): boolean {
    if (this.#tried !== undefined && this.#tried.has(candidate)) return false;
    return this.#gates.admits(candidate);
  }
}
