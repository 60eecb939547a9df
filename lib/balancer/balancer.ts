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
}

/** Makes an empty balancer. */
export type BalancerFactory = <T extends Candidate>(options: BalancerOptions) => Balancer<T>;
