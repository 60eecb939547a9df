import type { LogLevel } from "./log.ts";
import type { BackendState } from "./types.ts";

/** One backend by its names. */
interface BackendName {
  readonly upstream: string;
  readonly backend: string;
}

/** Something that happened to the running Weir and that an operator may want to see at once. */
export type WeirEvent =
  | BackendName & {
    readonly type: "health";
    readonly up: boolean;
    /** Why it is down, or is taken for up. */
    readonly reason?: string;
  }
  | BackendName & {
    readonly type: "ejection";
    readonly ejected: boolean;
    readonly reason: string;
  }
  | BackendName & {
    readonly type: "circuit";
    readonly circuit: "closed" | "open" | "half_open";
    /** Why it opened. */
    readonly reason?: string;
  }
  | BackendName & {
    /** An operator changed it. */
    readonly type: "override";
    readonly weight: number;
    readonly state: BackendState;
  }
  | { readonly type: "panic"; readonly upstream: string; readonly panic: boolean }
  | {
    /** A data plane thread died and is replaced. */
    readonly type: "worker_restart";
    readonly worker: number;
    readonly reason: string;
    /** How often this place was filled anew. */
    readonly restarts: number;
  }
  | {
    /** The configuration was read again. */
    readonly type: "reload";
    readonly ok: boolean;
    /** What was wrong with it; absent when it is in force. */
    readonly problems?: readonly string[];
  }
  | { readonly type: "log_level"; readonly level: LogLevel }
  /** The process is about to end: no more new connections. */
  | { readonly type: "draining" };

/** Where events go. Never throws, never waits. */
export type EmitEvent = (event: WeirEvent) => void;
