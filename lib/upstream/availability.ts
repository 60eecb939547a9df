import type { BackendSpec } from "../core/types.ts";

/** Where a backend stands in the order of preference. */
export type TierName = "near" | "far" | "backup";

/** Weight of a tier's members, and of those of them that are well. */
export interface TierWeight {
  readonly all: number;
  readonly well: number;
}

/** Servers above what is needed: 72 of 100 near ones that are well still take all (Envoy). */
const OVERPROVISIONING = 1.4;

/** @param zone where this Weir runs; absent: every zone is as near as every other */
export function tierOf(spec: BackendSpec, zone: string | undefined): TierName {
  if (spec.backup === true) return "backup";
  return zone === undefined || spec.zone === zone ? "near" : "far";
}

/** Part of the work that a tier can take, 0 to 1. */
export function capacity({ all, well }: TierWeight): number {
  return all === 0 ? 0 : Math.min(1, OVERPROVISIONING * well / all);
}

/**
 * Which tiers are in panic: so few of their servers are well that those would be overrun, and the
 * other tiers cannot stand in for them. Then all servers are tried (Envoy's panic threshold).
 *
 * @param percent share of the weight that has to be well, 0 to 100; 0: never in panic
 */
export function panicking(
  tiers: Readonly<Record<TierName, TierWeight>>,
  percent: number,
): ReadonlySet<TierName> {
  const names = ["near", "far", "backup"] as const;
  // Little more than a sum of 1, as fractions add up, is enough.
  const isEnough = names.reduce((sum, name) => sum + capacity(tiers[name]), 0) > 1 - 1e-9;
  if (isEnough) return new Set();
  return new Set(names.filter((name) => {
    const { all, well } = tiers[name];
    return all > 0 && 100 * well < percent * all;
  }));
}
