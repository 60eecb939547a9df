import type { Config } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import type { EmitEvent } from "../core/events.ts";
import type { AdjustableLogger } from "../core/log.ts";
import type { AccessOutput } from "./access_output.ts";
import type { TraceExport } from "./trace_export.ts";

/** What a `Supervisor` takes from outside. */
export interface SupervisorOptions {
  readonly config: Config;
  readonly log: AdjustableLogger;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Hears what happens; absent: nobody does. */
  readonly onEvent?: EmitEvent;
  /** Writes the access log; absent: nobody does. */
  readonly access?: AccessOutput;
  /** Sends what is traced to the collector; absent: nobody does. */
  readonly traces?: TraceExport;
}
