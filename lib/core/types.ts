import type { Address } from "./address.ts";
import type { LbError } from "./errors.ts";

/** One server as the configuration names it. Plain data: frozen, cloneable, comparable. */
export interface BackendSpec {
  /** Stable across reloads; the address unless the configuration names it. */
  readonly id: string;
  readonly address: Address;
  /** Relative share of traffic, 0 to 65535. Zero means "drain: no new traffic". */
  readonly weight: number;
  /** Gets work only when no other can take it. */
  readonly backup?: boolean;
  /** Where it stands; compared with where this Weir stands. */
  readonly zone?: string;
  /** Most work in flight on it over all threads, 1 or more; absent: no limit. */
  readonly maxConnections?: number;
}

/** What an algorithm may read about a server. Nothing else. */
export interface Candidate {
  readonly id: string;
  /**
   * Above zero, whole, at most 65,535 × {@linkcode RAMP_STEPS}; only its ratio to others' counts. An
   * upstream keeps drained servers (weight 0) out of its balancer.
   */
  readonly weight: number;
  /** Work in flight on it, 0 or more, over all workers. Lower is better. */
  readonly load: number;
}

/** One live server: a spec plus its state. */
export interface Backend extends Candidate {
  readonly spec: BackendSpec;
  /** Place of its cells in the shared table. */
  readonly index: number;
  /** Its share when it is warm, 0 to 65535: what the configuration or an operator says. */
  fullWeight: number;
  /** Part of its share that it gets, in steps: 1 to {@linkcode RAMP_STEPS}. */
  ramp: number;
}

/**
 * What an operator wants of a server: `drain` gives it no new work and leaves it what it has;
 * `maintenance` also closes its idle connections and stops its health checks.
 */
export type BackendState = "ready" | "drain" | "maintenance";

/** Steps in which a server that came back gets its whole share. */
export const RAMP_STEPS = 20;

/** How a piece of proxied work ended, seen from the backend's side. */
export type Outcome =
  | { readonly kind: "success" }
  | { readonly kind: "failure"; readonly error: LbError }
  /** Ended for reasons that say nothing about the backend (client went away, drain). */
  | { readonly kind: "ignored" };

/** Told how many bytes were delivered, as they are. */
export interface Meter {
  toServer(bytes: number): void;
  toClient(bytes: number): void;
}

/** The right to use one backend once. Disposing it gives the slot back, exactly once. */
export interface Lease extends Disposable, Meter {
  readonly backend: Backend;
  /**
   * Reports that the backend answered, or can be spoken to: here its latency ends.
   *
   * @param status of an HTTP answer
   */
  answered(passed: boolean, status?: number): void;
  /** Reports how the work ended. The first call wins. */
  settle(outcome: Outcome): void;
}

/** A named group of backends behind one algorithm. */
export interface Upstream {
  readonly name: string;
  readonly backends: ReadonlyMap<string, Backend>;
  /** Adds a server that starts healthy. @throws {RangeError} when the id is taken. */
  addServer(backend: Backend): void;
  removeServer(id: string): void;
  /** Health moves a server in or out of the balancer's set; nothing else does. */
  setHealth(id: string, healthy: boolean): void;
  /** Changes a server's share, 0 to 65535; 0 leaves it its bound clients. */
  setWeight(id: string, weight: number): void;
  /** Holds a server off, from bound clients and in panic too, or gives it its share again. */
  setState(id: string, state: BackendState): void;
  /**
   * The next server by the algorithm, with a slot on it taken. Synchronous: selection never waits.
   *
   * @param key 32-bit hash of the affinity key; ignored by algorithms that go by load.
   * @param tried servers that this piece of work has failed on already
   */
  acquire(key: number, tried?: ReadonlySet<Candidate>): Lease | undefined;
  /**
   * After `acquire` had nothing: whether that is because every backend has as much work as it may
   * have, so that waiting helps.
   */
  isFull(tried?: ReadonlySet<Candidate>): boolean;
  /** Why nobody could be acquired, in one word, when the same holds for every candidate. */
  refusal(): string | undefined;
}
