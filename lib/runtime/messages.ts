import type { Config } from "../config/types.ts";
import type { TableShape } from "../core/shared_table.ts";
import type { ServerCertificate } from "../core/server_certificate.ts";
import type { ListenerCertificates } from "./fronts.ts";
import type { HopPorts } from "./hop_ports.ts";
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
  /** The certificates of a listener have changed. */
  | {
    readonly type: "certificates";
    readonly listener: number;
    readonly certificates: readonly ServerCertificate[];
  }
  /** Close the listeners, say "drained" when the last connection has ended. */
  | { readonly type: "drain" }
  /** Cut what is still open. */
  | { readonly type: "abort" };

/** The first message: everything a worker needs. It reads no file and no environment. */
export interface StartMessage {
  readonly type: "start";
  readonly config: Config;
  /** Slot of the worker in the shared table. */
  readonly worker: number;
  readonly shape: TableShape;
  readonly table: SharedArrayBuffer;
  readonly limits: LimitBuffers;
  /** Memory of the guards' table, of the same shape. */
  readonly guards: SharedArrayBuffer;
  readonly logRing: SharedArrayBuffer;
  /** Buckets of the rate limits, in the order of `rateLimitsOf`. */
  readonly rates: readonly SharedArrayBuffer[];
  readonly certificates: ListenerCertificates;
  readonly hopPorts: HopPorts;
  /** What makes a clock that all threads share: see `sharedClock`. */
  readonly wallOffsetMs: number;
}

/** What a worker tells the supervisor. Log records go through the ring instead. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "listen_failed"; readonly listener: string; readonly reason: string }
  | { readonly type: "drained" };
