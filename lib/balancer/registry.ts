import type { BalancerFactory } from "./balancer.ts";
import { LeastConnections } from "./least_connections.ts";
import { RoundRobin } from "./round_robin.ts";

/** Every algorithm by its canonical name. One file of this folder each. */
export const ALGORITHMS: Readonly<Record<string, BalancerFactory>> = {
  round_robin: (options) => new RoundRobin(options),
  least_connections: () => new LeastConnections(),
};

/** Other names that operators know an algorithm by. */
export const ALGORITHM_ALIASES: Readonly<Record<string, string>> = {
  least_conn: "least_connections",
};

/** The canonical name of an algorithm, or `undefined` when there is none such. */
export function resolveAlgorithm(name: string): string | undefined {
  const canonical = Object.hasOwn(ALGORITHM_ALIASES, name) ? ALGORITHM_ALIASES[name] : name;
  return canonical !== undefined && Object.hasOwn(ALGORITHMS, canonical) ? canonical : undefined;
}
