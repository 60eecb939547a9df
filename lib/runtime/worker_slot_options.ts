import type { EmitEvent } from "../core/events.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { Logger } from "../core/log.ts";
import type { SharedTable } from "../core/shared_table.ts";
import type { MetricTable } from "../metrics/metric_table.ts";
import type { AccessOutput } from "./access_output.ts";
import type { PlacedConfig } from "./layout.ts";
import type { RunTimeChanges } from "./messages.ts";
import type { RunPlan } from "./run_plan.ts";
import type { TraceExport } from "./trace_export.ts";

/** What a `WorkerSlot` works with. */
export interface WorkerSlotOptions {
  /** Of the worker in the tables. */
  readonly slot: number;
  /** The configuration to start with. */
  readonly plan: RunPlan;
  /** Unix sockets cannot be shared: one thread of a generation opens them. */
  readonly opensUnix: boolean;
  readonly table: SharedTable;
  readonly guards: GuardTable;
  readonly metrics: MetricTable;
  readonly log: Logger;
  /** What operators have changed by now, as far as it holds under a configuration. */
  readonly changes: (config: PlacedConfig) => RunTimeChanges;
  readonly emit: EmitEvent;
  /** Absent: nobody reads the access log. */
  readonly access?: AccessOutput | undefined;
  /** Absent: nobody reads what is traced. */
  readonly traces?: TraceExport | undefined;
}
