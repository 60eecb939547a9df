import type { UpstreamConfig } from "../config/types.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { SharedTable } from "../core/shared_table.ts";
import { panicking, type TierName, tierOf, type TierWeight } from "../upstream/availability.ts";
import type { PlacedBackend } from "./layout.ts";

/** Where the state of backends is read. */
export interface PanicSources {
  /** Where this Weir runs. */
  readonly zone: string | undefined;
  readonly table: SharedTable;
  readonly guards: GuardTable;
  /** A backend's part of the traffic; absent: its configured weight. */
  readonly shareOf?: ((backend: PlacedBackend) => number) | undefined;
}

/** Whether so few backends of an upstream are well that those that are not are tried too. */
export function isInPanic(
  { panicThreshold = 0 }: UpstreamConfig,
  backends: readonly PlacedBackend[],
  { zone, table, guards, shareOf = ({ spec }) => spec.weight }: PanicSources,
): boolean {
  if (panicThreshold === 0) return false;
  const weigh = (name: TierName): TierWeight => {
    let all = 0;
    let well = 0;
    for (const backend of backends) {
      const { spec, index } = backend;
      if (tierOf(spec, zone) !== name) continue;
      const share = shareOf(backend);
      all += share;
      if (table.isUp(index) && !guards.state(index).ejected) well += share;
    }
    return { all, well };
  };
  const tiers = { near: weigh("near"), far: weigh("far"), backup: weigh("backup") };
  return panicking(tiers, panicThreshold).size > 0;
}
