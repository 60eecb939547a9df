import type { Balancer } from "../balancer/balancer.ts";
import {
  type Backend,
  type BackendState,
  type Candidate,
  type Lease,
  RAMP_STEPS,
  type Upstream,
} from "../core/types.ts";
import { mix32 } from "../ds/hash.ts";
import { type Gate, Gates, Pass } from "./gate.ts";
import { BackendLease, type LeaseOptions } from "./lease.ts";
import { SlowStart } from "./slow_start.ts";
import { Tiers } from "./tiers.ts";
import { TriedRequest } from "./tried_request.ts";

/** What a {@linkcode BalancedUpstream} works with. */
export interface UpstreamOptions extends LeaseOptions {
  /** An empty balancer; each tier of servers has its own. */
  readonly createBalancer: () => Balancer<Backend>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The algorithm goes by the key: then so does everything else. */
  readonly keyed: boolean;
  /** How long a server that came back gets less than its share, in milliseconds; 0: at no time. */
  readonly slowStartMs: number;
  /** Ids of those that are there from the beginning: one that is added later warms up; absent: all. */
  readonly firstIds?: Iterable<string>;
  /** Who may get work beside those that are not well; none is the default. */
  readonly gates?: readonly Gate[];
  /** Where this Weir runs; absent: zones do not count. */
  readonly zone?: string;
  /**
   * Percent of the weight that has to be well, 0 to 100, or all members are tried; absent: 0, which
   * is never.
   */
  readonly panicThreshold?: number;
  /** Whether outlier detection holds a server off at this moment; absent: there is none. */
  readonly isEjected?: (backend: Backend) => boolean;
}

/**
 * A group of backends behind one algorithm: where health, membership and load meet.
 *
 * The balancers hold exactly the servers that are healthy, not ejected and not drained; in panic those
 * that are healthy no more, or ejected, as well.
 */
export class BalancedUpstream implements Upstream {
  readonly name: string;
  readonly #options: UpstreamOptions;
  readonly #backends = new Map<string, Backend>();
  /** Members that are well, drained ones too. */
  readonly #healthy = new Set<Backend>();
  /** Members that were seen to be ejected. */
  readonly #ejected = new Set<Backend>();
  /** Members that an operator holds off, with the share they get back. */
  readonly #held = new Map<Backend, { readonly state: BackendState; readonly weight: number }>();
  readonly #tiers: Tiers;
  readonly #slowStart: SlowStart;
  /** Those that were not there yet, of those there from the beginning. */
  readonly #awaited: Set<string> | undefined;
  readonly #gates: Gates;
  readonly #request: TriedRequest;
  readonly #point: () => number;

  constructor(name: string, options: UpstreamOptions) {
    this.name = name;
    this.#options = options;
    this.#awaited = options.firstIds && new Set(options.firstIds);
    this.#tiers = new Tiers(options);
    this.#gates = new Gates(options.gates ?? []);
    this.#request = new TriedRequest(this.#gates);
    this.#slowStart = new SlowStart(
      options.slowStartMs,
      (backend) => this.#tiers.weightChanged(backend),
    );
    this.#point = options.keyed ? () => pointOf(this.#request.key) : options.random;
  }

  get backends(): ReadonlyMap<string, Backend> {
    return this.#backends;
  }

  addServer(backend: Backend): void {
    if (this.#backends.has(backend.id)) {
      throw new RangeError(
        `Cannot add server "${backend.id}": upstream "${this.name}" has one of that name`,
      );
    }
    this.#backends.set(backend.id, backend);
    this.#healthy.add(backend);
    const isNew = this.#awaited?.delete(backend.id) === false;
    if (isNew) this.#slowStart.begin(backend, this.#options.now());
    this.#tiers.addMember(backend);
  }

  removeServer(id: string): void {
    const backend = this.#backends.get(id);
    if (backend === undefined) return;
    this.#backends.delete(id);
    this.#healthy.delete(backend);
    this.#ejected.delete(backend);
    this.#held.delete(backend);
    this.#slowStart.end(backend);
    this.#tiers.removeMember(backend);
  }

  setHealth(id: string, healthy: boolean): void {
    const backend = this.#backends.get(id);
    if (backend === undefined || healthy === this.#healthy.has(backend)) return;
    if (healthy) {
      this.#healthy.add(backend);
      this.#slowStart.begin(backend, this.#options.now());
    } else {
      this.#healthy.delete(backend);
      this.#slowStart.end(backend);
    }
    this.#tiers.setWell(backend, this.#isWell(backend));
  }

  setWeight(id: string, weight: number): void {
    const backend = this.#backends.get(id);
    if (backend === undefined) return;
    const held = this.#held.get(backend);
    if (held === undefined) this.#setShare(backend, weight);
    else this.#held.set(backend, { ...held, weight });
  }

  setState(id: string, state: BackendState): void {
    const backend = this.#backends.get(id);
    if (backend === undefined) return;
    const weight = this.#held.get(backend)?.weight ?? backend.fullWeight;
    if (state !== "ready") {
      this.#held.set(backend, { state, weight });
      this.#setShare(backend, 0);
    } else if (this.#held.delete(backend)) {
      if (this.#isWell(backend)) this.#slowStart.begin(backend, this.#options.now());
      this.#setShare(backend, weight);
    }
  }

  /** What an operator wants of a member. */
  stateOf(backend: Backend): BackendState {
    return this.#held.get(backend)?.state ?? "ready";
  }

  /** Takes note of a server that was ejected, or is so no more. */
  noteEjection(id: string): void {
    const backend = this.#backends.get(id);
    if (backend !== undefined) this.#syncEjection(backend);
  }

  /** Gives a server that was held off a part of its share at first, which grows. */
  warmUp(id: string): void {
    const backend = this.#backends.get(id);
    if (backend === undefined || !this.#isWell(backend)) return;
    this.#slowStart.begin(backend, this.#options.now());
    this.#tiers.weightChanged(backend);
  }

  /** Whether it is well. A member that drains may be, one that was removed is not. */
  isHealthy(backend: Backend): boolean {
    return this.#healthy.has(backend);
  }

  /** Gets no work for now: not well, in maintenance, or ejected while others can do its part. */
  isHeldOff(backend: Backend): boolean {
    if (!this.#healthy.has(backend) || this.stateOf(backend) === "maintenance") return true;
    return this.#ejected.has(backend) && !this.isPanicking(backend);
  }

  /** Whether the algorithm may choose it: not drained, and well or tried in panic. */
  isInRotation(backend: Backend): boolean {
    return this.#tiers.isInRotation(backend);
  }

  /** So few like it are well that it is used though it is not. */
  isPanicking(backend: Backend): boolean {
    return this.#tiers.isPanicking(backend);
  }

  /** It gets work for want of better ones only. */
  isLastResort(backend: Backend): boolean {
    return this.isPanicking(backend) && !this.#isWell(backend);
  }

  /** Part of the work for servers of the own zone, 0 to 1. */
  get nearShare(): number {
    return this.#tiers.nearShare;
  }

  /** One word for what keeps a member from new work, for people; `undefined` when nothing does. */
  heldOffBy(backend: Backend): string | undefined {
    const held = this.#held.get(backend);
    if (held !== undefined) return held.state;
    if (backend.fullWeight === 0) return "weight_0";
    if (this.isInRotation(backend)) return this.#gates.holdsOff(backend);
    return this.#healthy.has(backend) ? "ejected" : "down";
  }

  /** Its share, also while an operator holds it off. */
  weightOf(backend: Backend): number {
    return this.#held.get(backend)?.weight ?? backend.fullWeight;
  }

  /** What the algorithm compares a server by, with a weight of 1 as the unit; absent: nothing. */
  costOf(backend: Backend): number | undefined {
    const cost = this.#tiers.balancerOf(backend).cost?.(backend);
    return cost === undefined ? undefined : cost * RAMP_STEPS;
  }

  acquire(key: number, tried?: ReadonlySet<Candidate>): Lease | undefined {
    if (this.#options.slowStartMs > 0) this.#slowStart.advance(this.#options.now());
    const pass = new Pass();
    for (let refused = tried;;) {
      const backend = this.#tiers.pick(this.#request.with(key, refused), this.#point);
      if (backend === undefined) {
        if (this.#syncEjections()) continue;
        return undefined;
      }
      if (this.#gates.enter(backend, pass)) return this.#lease(backend, pass);
      // Its last place has just gone to another thread.
      refused = new Set(refused).add(backend);
    }
  }

  /**
   * A slot on this very backend, past the algorithm; `undefined` when it is no member, not well, held
   * off by a gate or an operator, or was tried. One of weight 0 keeps the sessions it has.
   */
  acquirePreferred(backend: Backend, tried?: ReadonlySet<Candidate>): Lease | undefined {
    const isUsable = this.#healthy.has(backend) || this.isInRotation(backend);
    if (!isUsable || this.#held.has(backend) || tried?.has(backend)) return undefined;
    const pass = new Pass();
    if (!this.#gates.admits(backend) || !this.#gates.enter(backend, pass)) return undefined;
    return this.#lease(backend, pass);
  }

  isFull(tried?: ReadonlySet<Candidate>): boolean {
    for (const backend of this.#backends.values()) {
      if (!this.isInRotation(backend) || tried?.has(backend)) continue;
      if (this.#gates.admitsOnceFree(backend)) return true;
    }
    return false;
  }

  refusal(): string | undefined {
    let word: string | undefined;
    for (const backend of this.#backends.values()) {
      if (!this.isInRotation(backend)) continue;
      const refusal = this.#gates.refusal(backend);
      if (refusal === undefined || (word !== undefined && refusal !== word)) return undefined;
      word = refusal;
    }
    return word;
  }

  #setShare(backend: Backend, weight: number): void {
    if (backend.fullWeight === weight) return;
    backend.fullWeight = weight;
    this.#tiers.weightChanged(backend);
  }

  #isWell(backend: Backend): boolean {
    return this.#healthy.has(backend) && !this.#ejected.has(backend);
  }

  /** Another thread may have ejected some without this one having been told yet. */
  #syncEjections(): boolean {
    let hasChanged = false;
    for (const backend of this.#backends.values()) {
      if (this.#syncEjection(backend)) hasChanged = true;
    }
    return hasChanged;
  }

  #syncEjection(backend: Backend): boolean {
    const isEjected = this.#options.isEjected?.(backend) ?? false;
    if (isEjected === this.#ejected.has(backend)) return false;
    if (isEjected) this.#ejected.add(backend);
    else this.#ejected.delete(backend);
    this.#tiers.setWell(backend, this.#isWell(backend));
    return true;
  }

  #lease(backend: Backend, pass: Pass): Lease {
    const balancer = this.#tiers.balancerOf(backend);
    return new BackendLease(backend, { balancer, gates: this.#gates, pass, parts: this.#options });
  }
}

/** Apart from where the key falls in any table of an algorithm. */
function pointOf(key: number): number {
  return mix32(key ^ 0x5bd1e995) / 2 ** 32;
}
