import type { CategoryLevels, LogLevel } from "../core/log.ts";
import type { TableShape } from "../core/shared_table.ts";
import type { ServerCertificate } from "../core/server_certificate.ts";
import type { ListenerCertificates } from "./fronts.ts";
import type { HopPorts } from "./hop_ports.ts";
import type { BackendState } from "../core/types.ts";
import type { MetricPlan } from "../metrics/metric_layout.ts";
import type { PlacedConfig } from "./layout.ts";
import type { LimitBuffers } from "./shared_limits.ts";

/** What the supervisor tells a worker. */
export type ToWorker =
  | StartMessage
  | BackendMessage
  /** Records less severe than this are not written from now on, but for categories with a level. */
  | { readonly type: "log_level"; readonly level: LogLevel }
  /** Get ready for another configuration; say "prepared" or "refused". */
  | { readonly type: "prepare"; readonly plan: PlanMessage }
  /** Put in force what was prepared, if anything was, and what operators want by now. */
  | RunTimeChanges & { readonly type: "commit" }
  /** Give up what was prepared. */
  | { readonly type: "cancel" }
  /** Close the listeners on Unix sockets: others are to open them. Say "released". */
  | { readonly type: "release_unix" }
  /** Others have taken over: close the listeners, say "drained" when the last connection has ended. */
  | { readonly type: "retire" }
  /** Cut the connections to backends that are no more. */
  | { readonly type: "cut"; readonly backends: readonly number[] }
  /** The certificates of a listener have changed. */
  | {
    readonly type: "certificates";
    /** Its name. */
    readonly listener: string;
    readonly certificates: readonly ServerCertificate[];
  }
  /** Close the listeners, say "drained" when the last connection has ended. */
  | { readonly type: "drain" }
  /** Cut what is still open. */
  | { readonly type: "abort" };

/** News of one backend. */
export type BackendMessage =
  /** It was found well or ill. */
  | { readonly type: "health"; readonly backend: number; readonly available: boolean }
  /** It was ejected, or is so no more: the guards' table says which. */
  | { readonly type: "ejection"; readonly backend: number }
  /** It was held off and gets work again. */
  | { readonly type: "warm_up"; readonly backend: number }
  | OverrideMessage;

/** What an operator wants of a backend now. */
export interface OverrideMessage {
  readonly type: "override";
  /** Place in the shared table. */
  readonly backend: number;
  readonly weight: number;
  readonly state: BackendState;
}

/** What is no more as the configuration says. */
export interface RunTimeChanges {
  /** Of each backend that was changed; all others are as configured. */
  readonly overrides: readonly OverrideMessage[];
  readonly logLevel: LogLevel;
  /** Of categories that have a level of their own; absent: none has. */
  readonly logLevels?: CategoryLevels;
}

/** A configuration with the memory that its limits share. */
export interface PlanMessage {
  readonly config: PlacedConfig;
  readonly limits: LimitBuffers;
  /** Buckets of the rate limits, in the order of `rateLimitsOf`. */
  readonly rates: readonly SharedArrayBuffer[];
  readonly metricPlan: MetricPlan;
  readonly certificates: ListenerCertificates;
}

/** The first message: everything a worker needs. It reads no file and no environment. */
export interface StartMessage extends RunTimeChanges {
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
  readonly hopPorts: HopPorts;
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
