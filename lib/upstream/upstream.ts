import type { Balancer, PickRequest } from "../balancer/balancer.ts";
import type { SharedTable } from "../core/shared_table.ts";
import type { Backend, Candidate, Lease, Outcome, Upstream } from "../core/types.ts";

/** What a {@linkcode BalancedUpstream} works with. */
export interface UpstreamOptions {
  readonly balancer: Balancer<Backend>;
  readonly table: SharedTable;
  /** Slot of this thread in the table. */
  readonly worker: number;
}

/**
 * A group of backends behind one algorithm: where health, membership and load meet.
 *
 * The balancer holds exactly the servers that are healthy and not drained.
 */
export class BalancedUpstream implements Upstream {
  readonly name: string;
  readonly #options: UpstreamOptions;
  readonly #backends = new Map<string, Backend>();
  /** Members that are well, drained ones too. */
  readonly #healthy = new Set<Backend>();
  readonly #request: TriedRequest = new TriedRequest();

  constructor(name: string, options: UpstreamOptions) {
    this.name = name;
    this.#options = options;
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
    this.setHealth(backend.id, true);
  }

  removeServer(id: string): void {
    const backend = this.#backends.get(id);
    if (backend === undefined) return;
    this.#backends.delete(id);
    this.#healthy.delete(backend);
    this.#options.balancer.remove(backend);
  }

  setHealth(id: string, healthy: boolean): void {
    const backend = this.#backends.get(id);
    if (backend === undefined) return;
    if (healthy) this.#healthy.add(backend);
    else this.#healthy.delete(backend);
    if (healthy && backend.weight > 0) this.#options.balancer.add(backend);
    else this.#options.balancer.remove(backend);
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
    const backend = this.#options.balancer.pick(this.#request.with(key, tried));
    return backend === undefined ? undefined : new BackendLease(backend, this.#options);
  }

  /**
   * A slot on this very backend, past the algorithm; `undefined` when it is no member, not well, or
   * was tried. One that drains (weight 0) keeps the sessions it has.
   */
  acquirePreferred(backend: Backend, tried?: ReadonlySet<Candidate>): Lease | undefined {
    if (!this.#healthy.has(backend) || tried?.has(backend)) return undefined;
    return new BackendLease(backend, this.#options);
  }
}

/** The one pick request of an upstream, filled anew for each pick: picking allocates nothing. */
class TriedRequest implements PickRequest<Backend> {
  key = 0;
  #tried: ReadonlySet<Candidate> | undefined;

  with(key: number, tried: ReadonlySet<Candidate> | undefined): this {
    this.key = key;
    this.#tried = tried;
    return this;
  }

  eligible(candidate: Backend): boolean {
    return this.#tried === undefined || !this.#tried.has(candidate);
  }
}

class BackendLease implements Lease {
  readonly backend: Backend;
  readonly #options: UpstreamOptions;
  #settled = false;
  #disposed = false;

  constructor(backend: Backend, options: UpstreamOptions) {
    this.backend = backend;
    this.#options = options;
    options.table.addInFlight(options.worker, backend.index, 1);
    options.balancer.loadChanged?.(backend);
  }

  toServer(bytes: number): void {
    const { table, worker } = this.#options;
    table.countBackend(worker, this.backend.index, "bytesToBackend", bytes);
  }

  toClient(bytes: number): void {
    const { table, worker } = this.#options;
    table.countBackend(worker, this.backend.index, "bytesToClient", bytes);
  }

  settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    if (outcome.kind !== "failure") return;
    const { table, worker } = this.#options;
    const neverConnected = outcome.error.code.startsWith("connect_");
    table.countBackend(worker, this.backend.index, neverConnected ? "connectFailures" : "failures");
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { table, worker, balancer } = this.#options;
    table.addInFlight(worker, this.backend.index, -1);
    balancer.loadChanged?.(this.backend);
  }
}
