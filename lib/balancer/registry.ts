import type { Candidate } from "../core/types.ts";
import type { Algorithm, Balancer, BalancerOptions, Basis } from "./balancer.ts";
import { ConsistentHash } from "./consistent_hash.ts";
import { First } from "./first.ts";
import { IpHash } from "./ip_hash.ts";
import { LeastConnections } from "./least_connections.ts";
import { Maglev } from "./maglev.ts";
import { P2c } from "./p2c.ts";
import { PeakEwma } from "./peak_ewma.ts";
import { Random } from "./random.ts";
import { Rendezvous } from "./rendezvous.ts";
import { RoundRobin } from "./round_robin.ts";
import { createWeightedRoundRobin } from "./weighted_round_robin.ts";

/** Every algorithm by its canonical name. One file of this folder each. */
export const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  round_robin: {
    create: (options) => new RoundRobin(options),
    basis: "turn",
    summary: "each in its turn, as often as its weight says",
  },
  weighted_round_robin: {
    create: createWeightedRoundRobin,
    basis: "turn",
    summary: "round robin in the smooth order of NGINX",
  },
  least_connections: {
    create: () => new LeastConnections(),
    basis: "load",
    summary: "the one with the least work in flight for its weight",
  },
  random: {
    create: (options) => new Random(options),
    basis: "chance",
    summary: "any one, as probable as its weight says",
  },
  p2c: {
    create: (options) => new P2c(options),
    basis: "load",
    summary: "the less loaded of two drawn by weight",
  },
  peak_ewma: {
    create: (options) => new PeakEwma(options),
    basis: "latency",
    summary: "of two drawn by weight, the one that answers sooner and has less in flight",
  },
  ip_hash: {
    create: (options) => new IpHash(options),
    basis: "network",
    summary: "by the client's network, as NGINX does; for clients that cannot keep a cookie",
  },
  consistent_hash: {
    create: (options) => new ConsistentHash(options),
    basis: "key",
    summary: "by key, on a ring; servers that come or go move only their own keys",
  },
  maglev: {
    create: (options) => new Maglev(options),
    basis: "key",
    summary: "by key, in a table; the most even shares, a new server moves a few more keys",
  },
  rendezvous: {
    create: () => new Rendezvous(),
    basis: "key",
    summary: "by key, to the highest score; moves as few keys, more even than a ring",
  },
  first: {
    create: () => new First(),
    basis: "order",
    summary: "the first in the list that is well; neither load nor weight matters",
  },
};

/** What may be put around an algorithm; `buildUpstream` does. */
export interface Decorator {
  /** What the algorithm has to go by. */
  readonly bases: readonly Basis[];
  /** One line for people who choose. */
  readonly summary: string;
}

/** Every decorator by the name of its setting. One file of this folder each. */
export const DECORATORS: Readonly<Record<string, Decorator>> = {
  bounded_load: {
    bases: ["key", "network"],
    summary: "keys whose server has too much work in flight go to their next one",
  },
};

/** An empty balancer of the algorithm `name`. @throws {RangeError} when there is none such */
export function createBalancer<T extends Candidate>(
  name: string,
  options: BalancerOptions,
): Balancer<T> {
  const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
  if (algorithm === undefined) throw new RangeError(`There is no algorithm "${name}"`);
  return algorithm.create(options);
}

/** Other names that operators know an algorithm by. */
export const ALGORITHM_ALIASES: Readonly<Record<string, string>> = {
  least_conn: "least_connections",
  // Ours goes by weight anyway.
  weighted_least_connections: "least_connections",
  least_response_time: "peak_ewma",
  source_hash: "ip_hash",
  ring_hash: "consistent_hash",
};

/** The canonical name of an algorithm, or `undefined` when there is none such. */
export function resolveAlgorithm(name: string): string | undefined {
  const canonical = Object.hasOwn(ALGORITHM_ALIASES, name) ? ALGORITHM_ALIASES[name] : name;
  return canonical !== undefined && Object.hasOwn(ALGORITHMS, canonical) ? canonical : undefined;
}
