import type { Balancer, PickRequest } from "../balancer/balancer.ts";
import type { Backend, Candidate, Lease, Upstream } from "../core/types.ts";
import { mix32 } from "../ds/hash.ts";
import { type Gate, Gates } from "./gate.ts";
import { BackendLease, type LeaseOptions } from "./lease.ts";
import { SlowStart } from "./slow_start.ts";
import { Tiers } from "./tiers.ts";

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
  /** Who may get work beside those that are not well; none is the default. */
  readonly gates?: readonly Gate[];
  /** Where this Weir runs; absent: zones do not count. */
  readonly zone?: string;
}

/**
 * A group of backends behind one algorithm: where health, membership and load meet.
 *
 * The balancers hold exactly the servers that are healthy and not drained.
 */
export class BalancedUpstream implements Upstream {
  readonly name: string;
  readonly #options: UpstreamOptions;
  readonly #backends = new Map<string, Backend>();
  /** Members that are well, drained ones too. */
  readonly #healthy = new Set<Backend>();
  readonly #tiers: Tiers;
  readonly #slowStart: SlowStart;
  readonly #gates: Gates;
  readonly #request: TriedRequest;
  readonly #point: () => number;

  constructor(name: string, options: UpstreamOptions) {
    this.name = name;
    this.#options = options;
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
    this.#tiers.addMember(backend);
    if (backend.weight > 0) this.#tiers.admit(backend);
  }

  removeServer(id: string): void {
    const backend = this.#backends.get(id);
    if (backend === undefined) return;
    this.#backends.delete(id);
    this.#healthy.delete(backend);
    this.#slowStart.end(backend);
    this.#tiers.removeMember(backend);
  }

  setHealth(id: string, healthy: boolean): void {
    const backend = this.#backends.get(id);
    if (backend === undefined || healthy === this.#healthy.has(backend)) return;
    if (!healthy) {
      this.#healthy.delete(backend);
      this.#slowStart.end(backend);
      this.#tiers.rest(backend);
      return;
    }
    this.#healthy.add(backend);
    this.#slowStart.begin(backend, this.#options.now());
    if (backend.weight > 0) this.#tiers.admit(backend);
  }

  setWeight(id: string, weight: number): void {
    const backend = this.#backends.get(id);
    if (backend === undefined || backend.fullWeight === weight) return;
    const wasDrained = backend.fullWeight === 0;
    backend.fullWeight = weight;
    if (!this.#healthy.has(backend)) return;
    if (weight === 0) return this.#tiers.rest(backend);
    if (wasDrained) this.#tiers.admit(backend);
    else this.#tiers.weightChanged(backend);
  }

  /** Whether it is well. A member that drains may be, one that was removed is not. */
  isHealthy(backend: Backend): boolean {
    return this.#healthy.has(backend);
  }

  /** Whether the algorithm may choose it: well, and not drained. */
  isInRotation(backend: Backend): boolean {
    return this.isHealthy(backend) && backend.weight > 0;
  }

  acquire(key: number, tried?: ReadonlySet<Candidate>): Lease | undefined {
    if (this.#options.slowStartMs > 0) this.#slowStart.advance(this.#options.now());
    for (let refused = tried;;) {
      const backend = this.#tiers.pick(this.#request.with(key, refused), this.#point);
      if (backend === undefined) return undefined;
      if (this.#gates.enter(backend)) return this.#lease(backend);
      // Its last place has just gone to another thread.
      refused = new Set(refused).add(backend);
    }
  }

  /**
   * A slot on this very backend, past the algorithm; `undefined` when it is no member, not well, held
   * off by a gate, or was tried. One that drains (weight 0) keeps the sessions it has.
   */
  acquirePreferred(backend: Backend, tried?: ReadonlySet<Candidate>): Lease | undefined {
    if (!this.#healthy.has(backend) || tried?.has(backend)) return undefined;
    if (!this.#gates.admits(backend) || !this.#gates.enter(backend)) return undefined;
    return this.#lease(backend);
  }

  isFull(tried?: ReadonlySet<Candidate>): boolean {
    for (const backend of this.#healthy) {
      if (backend.weight === 0 || tried?.has(backend)) continue;
      if (this.#gates.admitsOnceFree(backend)) return true;
    }
    return false;
  }

  #lease(backend: Backend): Lease {
    const balancer = this.#tiers.balancerOf(backend);
    return new BackendLease(backend, { balancer, gates: this.#gates, parts: this.#options });
  }
}

/** Apart from where the key falls in any table of an algorithm. */
function pointOf(key: number): number {
  return mix32(key ^ 0x5bd1e995) / 2 ** 32;
}

/** The one pick request of an upstream, filled anew for each pick: picking allocates nothing. */
class TriedRequest implements PickRequest<Backend> {
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
