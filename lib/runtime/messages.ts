import type { MetricPlan } from "../metrics/metric_layout.ts";
import type { TableShape } from "../core/shared_table.ts";
import type { PlacedConfig } from "./layout.ts";
import type { LimitBuffers } from "./shared_limits.ts";

/** What the supervisor tells a worker. */
export type ToWorker =
  | StartMessage
  /** A backend was found well or ill. */
  | { readonly type: "health"; readonly backend: number; readonly available: boolean }
  /** A backend was ejected, or is so no more: the guards' table says which. */
  | { readonly type: "ejection"; readonly backend: number }
  /** A backend that was held off gets work again. */
  | { readonly type: "warm_up"; readonly backend: number }
  /** Get ready for another configuration; say "prepared" or "refused". */
  | { readonly type: "prepare"; readonly plan: PlanMessage }
  /** Put in force what was prepared. */
  | { readonly type: "commit" }
  /** Give up what was prepared. */
  | { readonly type: "cancel" }
  /** Close the listeners on Unix sockets: others are to open them. Say "released". */
  | { readonly type: "release_unix" }
  /** Others have taken over: close the listeners, say "drained" when the last connection has ended. */
  | { readonly type: "retire" }
  /** Cut the connections to backends that are no more. */
  | { readonly type: "cut"; readonly backends: readonly number[] }
  /** Close the listeners, say "drained" when the last connection has ended. */
  | { readonly type: "drain" }
  /** Cut what is still open. */
  | { readonly type: "abort" };

/** A configuration with the memory that its limits share. */
export interface PlanMessage {
  readonly config: PlacedConfig;
  readonly limits: LimitBuffers;
  /** Buckets of the rate limits, in the order of `rateLimitsOf`. */
  readonly rates: readonly SharedArrayBuffer[];
  readonly metricPlan: MetricPlan;
}

/** The first message: everything a worker needs. It reads no file and no environment. */
export interface StartMessage {
  readonly type: "start";
  readonly plan: PlanMessage;
  /** Slot of the worker in the shared table. */
  readonly worker: number;
  readonly shape: TableShape;
  readonly table: SharedArrayBuffer;
  /** Unix sockets cannot be shared: one thread opens them. */
  readonly opensUnix: boolean;
  /** Memory of the table of metrics. */
  readonly metrics: SharedArrayBuffer;
  /** Memory of the guards' table, of the same shape. */
  readonly guards: SharedArrayBuffer;
  readonly logRing: SharedArrayBuffer;
  /** Lines of the access log go here, whether there is one or not. */
  readonly accessRing: SharedArrayBuffer;
  /** The same for what is traced. */
  readonly traceRing: SharedArrayBuffer;
  /** What makes a clock that all threads share: see `sharedClock`. */
  readonly wallOffsetMs: number;
}

/** What a worker tells the supervisor. Log records go through the ring instead. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "prepared" }
  | { readonly type: "refused"; readonly reason: string; readonly listener?: string }
  | { readonly type: "released" }
  | { readonly type: "listen_failed"; readonly listener: string; readonly reason: string }
  | { readonly type: "drained" };
