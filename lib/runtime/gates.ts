import type { UpstreamConfig } from "../config/types.ts";
import type { Gate } from "../upstream/gate.ts";
import { SlotGate } from "../upstream/slot_gate.ts";
import type { SharedLimits } from "./shared_limits.ts";

/** What gates are built from. */
export interface GateDeps {
  readonly limits: SharedLimits;
  /** Slot of this thread in the tables. */
  readonly worker: number;
}

/** What holds the upstream's backends off beside their health. */
export function buildGates({ backends }: UpstreamConfig, { limits, worker }: GateDeps): Gate[] {
  const gates: Gate[] = [];
  if (backends.some(({ maxConnections }) => maxConnections !== undefined)) {
    gates.push(new SlotGate(limits.table, worker));
  }
  return gates;
}
