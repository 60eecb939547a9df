import type { LimitTable } from "../core/limit_table.ts";
import type { BackendSpec } from "../core/types.ts";
import { createLimit, type LimitPolicy } from "../limit/create_limit.ts";
import { CeilingGate } from "./ceiling_gate.ts";
import { ConcurrencyGate } from "./concurrency_gate.ts";
import type { Gate } from "./gate.ts";
import { SlotGate } from "./slot_gate.ts";

/** What a configuration says of how much work backends get at once. */
export interface CapacityPolicy {
  readonly backends: readonly BackendSpec[];
  /** Most work on all of them together, 1 or more; absent: no limit. */
  readonly maxConnections?: number;
  /** Absent: as much as comes. */
  readonly concurrency?: LimitPolicy;
}

/** What {@linkcode capacityGates} are built from. */
export interface CapacityDeps {
  readonly table: LimitTable;
  /** Place of the upstream's cells in the table. */
  readonly upstream: number;
  /** Slot of this thread in the table. */
  readonly worker: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What holds off backends of one upstream that have work enough. */
export interface CapacityGates {
  /** Empty where backends take as much as comes. */
  readonly gates: readonly Gate[];
  /** There are slots that belong to all threads. */
  readonly isShared: boolean;
}

/** Builds the gates of one thread that have to do with how much work a backend has. */
export function capacityGates(
  { backends, maxConnections, concurrency }: CapacityPolicy,
  { table, upstream, worker, random }: CapacityDeps,
): CapacityGates {
  const gates: Gate[] = [];
  if (concurrency !== undefined) {
    const create = () => createLimit(concurrency, random);
    gates.push(new ConcurrencyGate({ createLimit: create, table, worker }));
  }
  const hasSlots = backends.some(({ maxConnections }) => maxConnections !== undefined);
  if (hasSlots) gates.push(new SlotGate(table, worker));
  if (maxConnections !== undefined) {
    gates.push(new CeilingGate({ table, worker, upstream, max: maxConnections }));
  }
  return { gates, isShared: hasSlots || maxConnections !== undefined };
}
