import type { Candidate } from "../core/types.ts";

/** What a balancer may know about the traffic it places. */
export interface PickRequest<T extends Candidate = Candidate> {
  /** 32-bit hash of the affinity key. Ignored by algorithms that go by load. */
  readonly key: number;
  /** Says no to servers already tried or held off. Pure. */
  eligible(candidate: T): boolean;
}

/**
 * A load balancing algorithm: holds a set of servers, names one of them.
 *
 * It knows load and weight, never sockets, health or configuration. Health is membership; what was
 * already tried is the request's predicate. Calls are synchronous, so each is atomic.
 */
export interface Balancer<T extends Candidate = Candidate> {
  /** Adds a server; one that is in the set already stays as it is. */
  add(candidate: T): void;
  /** Takes a server out; one that is not in the set is no error. */
  remove(candidate: T): void;
  /** The next server, or `undefined` when none of the set is eligible. Changes no candidate. */
  pick(request: PickRequest<T>): T | undefined;
  /** Told after `candidate.load` changed. Only algorithms that keep an order need it. */
  loadChanged?(candidate: T): void;
  /** Told after `candidate.weight` changed. Needed where weights are worked into a table. */
  weightChanged?(candidate: T): void;
  /**
   * Told how a piece of work on a server went. Needed where latency decides.
   *
   * @param latencyMs from the start of the attempt to the answer's first byte, or to the failure
   */
  observe?(candidate: T, latencyMs: number, passed: boolean): void;
  /** What servers are compared by, at this moment: the lower, the sooner picked. For people. */
  cost?(candidate: T): number;
}

/** What an algorithm takes from outside. */
export interface BalancerOptions {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /**
   * Draws the next turn: whole numbers that go up by one at each draw, modulo 2^32. Workers draw
   * from one sequence, which makes a rotation exact over all of them.
   */
  readonly nextTurn: () => number;
  /** Monotonic milliseconds; may be as coarse as 100 ms. */
  readonly now: () => number;
  /**
   * The weight that stands for one full share, above zero. Where a server has places in a table by
   * its weight, their number must not depend on who else is there, or others' places would move.
   */
  readonly weightUnit: number;
  /** Runs `work` soon, but not within this call: for tables that are dear to build. */
  readonly defer: (work: () => void) => void;
}

/** Makes an empty balancer. */
export type BalancerFactory = <T extends Candidate>(options: BalancerOptions) => Balancer<T>;

/** What decides which server is picked. */
export type Basis =
  | "turn"
  | "chance"
  | "load"
  | "latency"
  | "order"
  /** The hash of the configured key. */
  | "key"
  /** The client's network, in the manner of NGINX `ip_hash`. */
  | "network";

/** An algorithm as the registry lists it. */
export interface Algorithm {
  readonly create: BalancerFactory;
  readonly basis: Basis;
  /** One line for people who choose. */
  readonly summary: string;
}
