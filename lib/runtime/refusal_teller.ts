import type { ListenerConfig } from "../config/types.ts";
import { type LogFields, type LogLevel, LogThrottle } from "../core/log.ts";
import type { ListenerCounter } from "../core/counters.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";

/** Whose refusals are told. */
export interface TellerOptions {
  readonly config: ListenerConfig;
  /** Place of the listener's cells in the shared table. */
  readonly index: number;
  readonly thread: ThreadParts;
}

/** How refusals of one kind are told. */
export interface RefusalKind {
  readonly counter: ListenerCounter;
  readonly level: LogLevel;
  readonly message: string;
}

/** Counts each refusal, and tells the log of one a second. */
export function refusalTeller(
  { config, index, thread }: TellerOptions,
  { counter, level, message }: RefusalKind,
): (fields: LogFields) => void {
  const throttle = new LogThrottle();
  return (fields) => {
    thread.table.countListener(thread.worker, index, counter);
    // Not the coarse clock: it stands still in a thread that has no deadline to wait for.
    const suppressed = throttle.admit(performance.now());
    if (suppressed === undefined) return;
    thread.log.write({
      level,
      category: "listener",
      message,
      fields: { listener: config.name, ...fields, suppressed },
    });
  };
}
