import type { Basis } from "../balancer/balancer.ts";
import { ALGORITHMS, DECORATORS, resolveAlgorithm } from "../balancer/registry.ts";
import type { Item } from "./items.ts";
import { type Finding, showValue } from "./problem.ts";
import { isRecord } from "./substitute.ts";

/** Finds settings that the algorithm of an upstream, or the protocol of its listener, cannot use. */
export function checkAlgorithms(
  listeners: readonly Item[],
  upstreams: readonly Item[],
): Finding[] {
  const overTcp = new Set(
    listeners.filter(isTcp).flatMap(({ value }) => {
      const { upstream, sni_routes: routes } = value;
      return [upstream, ...(isRecord(routes) ? Object.values(routes) : [])];
    }),
  );
  return upstreams.flatMap((upstream) => {
    const name = upstream.path.at(-1);
    return [...checkBasis(upstream), ...(overTcp.has(name) ? checkTcpKey(upstream) : [])];
  });
}

function isTcp({ value: { protocol } }: Item): boolean {
  return protocol === undefined || protocol === "tcp";
}

/** A setting that would do nothing is a misunderstanding. */
function checkBasis({ source, path, value }: Item): Finding[] {
  const { algorithm = "round_robin" } = value;
  const canonical = typeof algorithm === "string" ? resolveAlgorithm(algorithm) : undefined;
  const basis = canonical === undefined ? undefined : ALGORITHMS[canonical]?.basis;
  if (basis === undefined) return [];
  return BOUND_SETTINGS
    .filter(({ key, bases }) => value[key] !== undefined && !bases.includes(basis))
    .map(({ key, bases }) => {
      const message = `must stand beside an algorithm that uses it (${namesWith(bases)}): ` +
        `current algorithm is ${showValue(algorithm)}`;
      return { source, path: [...path, key], at: "key", message };
    });
}

/** Settings of an upstream, and what its algorithm has to go by for them to have a meaning. */
const BOUND_SETTINGS: readonly { readonly key: string; readonly bases: readonly Basis[] }[] = [
  { key: "hash_key", bases: ["key"] },
  ...Object.entries(DECORATORS).map(([key, { bases }]) => ({ key, bases })),
];

function namesWith(bases: readonly Basis[]): string {
  const names = Object.keys(ALGORITHMS).filter((name) => bases.includes(ALGORITHMS[name]!.basis));
  return names.join(", ");
}

/** A stream of bytes has no header to go by. */
function checkTcpKey({ source, path, value: { hash_key: key } }: Item): Finding[] {
  if (typeof key !== "string" || key === "client_ip") return [];
  const message = "must be client_ip, because a TCP listener uses this upstream: " +
    `current value is ${showValue(key)}`;
  return [{ source, path: [...path, "hash_key"], message }];
}
