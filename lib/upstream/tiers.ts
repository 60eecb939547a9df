import type { Balancer, PickRequest } from "../balancer/balancer.ts";
import type { Backend } from "../core/types.ts";
import { capacity, panicking, type TierName, tierOf, type TierWeight } from "./availability.ts";

/** What {@linkcode Tiers} takes from outside. */
export interface TiersOptions {
  readonly createBalancer: () => Balancer<Backend>;
  /** Where this Weir runs; absent: every zone is as near as every other. */
  readonly zone?: string;
  /** Percent of a tier's weight that has to be well, or all its members are tried; absent: 0. */
  readonly panicThreshold?: number;
}

/**
 * The servers of an upstream by preference: those of its own zone, those of others, and backups.
 *
 * Near servers take all work while enough of them are well; as more go, the others get the missing
 * share (Envoy's priority levels, with weights for numbers of servers). Backups take work only when
 * nobody else can (HAProxy, NGINX). When too few are well anywhere, those that are not are tried too.
 */
export class Tiers {
  readonly #tiers: Readonly<Record<TierName, Tier>>;
  readonly #zone: string | undefined;
  readonly #panicThreshold: number;
  /** Part of the work for near servers, 0 to 1. */
  #nearShare = 1;

  constructor({ createBalancer, zone, panicThreshold = 0 }: TiersOptions) {
    this.#tiers = {
      near: new Tier(createBalancer()),
      far: new Tier(createBalancer()),
      backup: new Tier(createBalancer()),
    };
    this.#zone = zone;
    this.#panicThreshold = panicThreshold;
  }

  /** Part of the work for near servers, 0 to 1. */
  get nearShare(): number {
    return this.#nearShare;
  }

  /** Counts a server as a member that is well. */
  addMember(backend: Backend): void {
    this.#of(backend).join(backend);
    this.setWell(backend, true);
  }

  removeMember(backend: Backend): void {
    this.#of(backend).part(backend);
    this.#reshare();
  }

  /** Puts a member in the rotation or takes it out; in panic, or drained, that makes no difference. */
  setWell(backend: Backend, isWell: boolean): void {
    this.#of(backend).setWell(backend, isWell);
    this.#reshare();
  }

  /** The algorithm may choose it: a member with a weight that is well, or tried in panic. */
  isInRotation(backend: Backend): boolean {
    return this.#of(backend).admitted.has(backend);
  }

  /** All members of the server's tier are tried, whether they are well or not. */
  isPanicking(backend: Backend): boolean {
    return this.#of(backend).isPanicking;
  }

  /** The algorithm that a server is under. */
  balancerOf(backend: Backend): Balancer<Backend> {
    return this.#of(backend).balancer;
  }

  /** Told after a server's weight changed, also to or from 0. */
  weightChanged(backend: Backend): void {
    this.#of(backend).weightChanged(backend);
    this.#reshare();
  }

  /** @param point in [0, 1): where this piece of work stands between near and far */
  pick(request: PickRequest<Backend>, point: () => number): Backend | undefined {
    const { near, far, backup } = this.#tiers;
    const isNear = this.#nearShare === 1 || (this.#nearShare > 0 && point() < this.#nearShare);
    const first = isNear ? near : far;
    const second = isNear ? far : near;
    return first.balancer.pick(request) ?? second.balancer.pick(request) ??
      backup.balancer.pick(request);
  }

  #of({ spec }: Backend): Tier {
    return this.#tiers[tierOf(spec, this.#zone)];
  }

  #reshare(): void {
    const { near, far, backup } = this.#tiers;
    const weights = { near: near.weight, far: far.weight, backup: backup.weight };
    const nearPart = capacity(weights.near);
    const farPart = Math.min(capacity(weights.far), 1 - nearPart);
    this.#nearShare = farPart === 0 ? 1 : nearPart / (nearPart + farPart);
    const inPanic = panicking(weights, this.#panicThreshold);
    for (const name of ["near", "far", "backup"] as const) {
      this.#tiers[name].setPanic(inPanic.has(name));
    }
  }
}

/** Servers that are preferred alike. */
class Tier {
  readonly balancer: Balancer<Backend>;
  /** Those that the algorithm may choose. */
  readonly admitted = new Set<Backend>();
  isPanicking = false;
  readonly #members = new Set<Backend>();
  readonly #well = new Set<Backend>();
  /** Kept as servers come and go: summing them up each time took a second with 10,000. */
  #weight: TierWeight = { all: 0, well: 0 };

  constructor(balancer: Balancer<Backend>) {
    this.balancer = balancer;
  }

  /** By what they are to have once they are warm: slow start moves no work to another zone. */
  get weight(): TierWeight {
    return this.#weight;
  }

  join(backend: Backend): void {
    if (this.#members.has(backend)) return;
    this.#members.add(backend);
    this.#change(backend.fullWeight, 0);
  }

  part(backend: Backend): void {
    this.setWell(backend, false);
    if (this.#members.delete(backend)) this.#change(-backend.fullWeight, 0);
    this.#sync(backend);
  }

  setWell(backend: Backend, isWell: boolean): void {
    if (isWell !== this.#well.has(backend)) {
      if (isWell) this.#well.add(backend);
      else this.#well.delete(backend);
      this.#change(0, isWell ? backend.fullWeight : -backend.fullWeight);
    }
    this.#sync(backend);
  }

  setPanic(isPanicking: boolean): void {
    if (isPanicking === this.isPanicking) return;
    this.isPanicking = isPanicking;
    for (const member of this.#members) this.#sync(member);
  }

  weightChanged(backend: Backend): void {
    this.#weight = { all: totalWeight(this.#members), well: totalWeight(this.#well) };
    if (!this.#sync(backend) && this.admitted.has(backend)) this.balancer.weightChanged?.(backend);
  }

  #change(all: number, well: number): void {
    this.#weight = { all: this.#weight.all + all, well: this.#weight.well + well };
  }

  /** Puts a server where it belongs. True when it is no longer where it was. */
  #sync(backend: Backend): boolean {
    const isCandidate = this.#well.has(backend) || (this.isPanicking && this.#members.has(backend));
    const isIn = isCandidate && backend.fullWeight > 0;
    if (isIn === this.admitted.has(backend)) return false;
    if (isIn) {
      this.admitted.add(backend);
      this.balancer.add(backend);
    } else {
      this.admitted.delete(backend);
      this.balancer.remove(backend);
    }
    return true;
  }
}

function totalWeight(backends: Iterable<Backend>): number {
  let total = 0;
  for (const { fullWeight } of backends) total += fullWeight;
  return total;
}
