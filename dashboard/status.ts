/** What the page reads of `GET /api/v1/status`; a test holds it against what the program tells. */
export interface StatusLook {
  readonly version: string;
  readonly ready: boolean;
  readonly workers: number;
  readonly workerRestarts: number;
  /** Absent where there is nothing to reload from, and in versions without reload. */
  readonly reloads?: ReloadLook;
  readonly listeners: readonly ListenerLook[];
  readonly upstreams: readonly UpstreamLook[];
}

/** How reloads went, since the start. */
export interface ReloadLook {
  readonly done: number;
  readonly refused: number;
  /** What was wrong with the last one; absent when it was done. */
  readonly problems?: readonly string[];
}

/** One listener; totals since start. */
export interface ListenerLook {
  readonly name: string;
  readonly address: string;
  readonly protocol: string;
  readonly active: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly rejectedPerIp: number;
  readonly noBackend: number;
  readonly queueFull: number;
  readonly queueTimeouts: number;
  readonly rateLimited: number;
  readonly retries: number;
  /** Absent in versions that do not count them. */
  readonly retriesDenied?: number;
  readonly requests: number;
  readonly answersCut: number;
}

/** One upstream. */
export interface UpstreamLook {
  readonly name: string;
  readonly algorithm: string;
  readonly queue: { readonly length: number; readonly longestWaitMs: number };
  readonly panic: boolean;
  readonly backends: readonly BackendLook[];
}

/** What operators want of a backend. */
export type WantedState = "ready" | "drain" | "maintenance";

/** One backend; totals since start. */
export interface BackendLook {
  readonly id: string;
  readonly address: string;
  readonly weight: number;
  readonly state: WantedState;
  readonly override?: { readonly configuredWeight: number };
  readonly up: boolean;
  readonly health?: { readonly reason?: string; readonly phi?: number };
  readonly circuit: "closed" | "open" | "half_open";
  readonly ejected: boolean;
  readonly inFlight: number;
  readonly concurrencyLimit: number;
  readonly connections: number;
  readonly requests: number;
  readonly connectFailures: number;
  readonly failures: number;
  readonly bytesToBackend: number;
  readonly bytesToClient: number;
}
