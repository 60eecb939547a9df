import type { Balancer, PickRequest } from "../balancer/balancer.ts";
import type { Backend } from "../core/types.ts";

/** What {@linkcode Tiers} takes from outside. */
export interface TiersOptions {
  readonly createBalancer: () => Balancer<Backend>;
  /** Where this Weir runs; absent: every zone is as near as every other. */
  readonly zone?: string;
}

/** Servers above what is needed: 72 of 100 near ones that are well still take all (Envoy). */
const OVERPROVISIONING = 1.4;

/**
 * The servers of an upstream by preference: those of its own zone, those of others, and backups.
 *
 * Near servers take all work while enough of them are well; as more go, the others get the missing
 * share (Envoy's priority levels, with weights for numbers of servers). Backups take work only when
 * nobody else can (HAProxy, NGINX).
 */
export class Tiers {
  readonly #near: Tier;
  readonly #far: Tier;
  readonly #backup: Tier;
  readonly #zone: string | undefined;
  /** Part of the work for near servers, 0 to 1. */
  #nearShare = 1;

  constructor({ createBalancer, zone }: TiersOptions) {
    this.#near = new Tier(createBalancer());
    this.#far = new Tier(createBalancer());
    this.#backup = new Tier(createBalancer());
    this.#zone = zone;
  }

  /** Counts a server as a member, in or out of the rotation. */
  addMember(backend: Backend): void {
    this.#of(backend).members.add(backend);
    this.#reshare();
  }

  removeMember(backend: Backend): void {
    const tier = this.#of(backend);
    tier.members.delete(backend);
    tier.rest(backend);
    this.#reshare();
  }

  /** Puts a member in the rotation. */
  admit(backend: Backend): void {
    this.#of(backend).admit(backend);
    this.#reshare();
  }

  /** Takes a member out of the rotation. */
  rest(backend: Backend): void {
    this.#of(backend).rest(backend);
    this.#reshare();
  }

  /** The algorithm that a server is under. */
  balancerOf(backend: Backend): Balancer<Backend> {
    return this.#of(backend).balancer;
  }

  /** Told after a server's weight changed. */
  weightChanged(backend: Backend): void {
    this.balancerOf(backend).weightChanged?.(backend);
    this.#reshare();
  }

  /** @param point in [0, 1): where this piece of work stands between near and far */
  pick(request: PickRequest<Backend>, point: () => number): Backend | undefined {
    const isNear = this.#nearShare === 1 || (this.#nearShare > 0 && point() < this.#nearShare);
    const first = isNear ? this.#near : this.#far;
    const second = isNear ? this.#far : this.#near;
    return first.balancer.pick(request) ?? second.balancer.pick(request) ??
      this.#backup.balancer.pick(request);
  }

  #of({ spec }: Backend): Tier {
    if (spec.backup === true) return this.#backup;
    return this.#zone === undefined || spec.zone === this.#zone ? this.#near : this.#far;
  }

  #reshare(): void {
    const near = this.#near.health();
    const far = Math.min(this.#far.health(), 1 - near);
    this.#nearShare = far === 0 ? 1 : near / (near + far);
  }
}

/** Servers that are preferred alike. */
class Tier {
  readonly balancer: Balancer<Backend>;
  readonly members = new Set<Backend>();
  readonly #admitted = new Set<Backend>();

  constructor(balancer: Balancer<Backend>) {
    this.balancer = balancer;
  }

  admit(backend: Backend): void {
    this.#admitted.add(backend);
    this.balancer.add(backend);
  }

  rest(backend: Backend): void {
    this.#admitted.delete(backend);
    this.balancer.remove(backend);
  }

  /** Part of the work that the tier can take, 0 to 1. */
  health(): number {
    const all = totalWeight(this.members);
    return all === 0 ? 0 : Math.min(1, OVERPROVISIONING * totalWeight(this.#admitted) / all);
  }
}

/** By what they are to have once they are warm: slow start moves no work to another zone. */
function totalWeight(backends: Iterable<Backend>): number {
  let total = 0;
  for (const { fullWeight } of backends) total += fullWeight;
  return total;
}
