/** An active check, and how its results are judged. */
export interface HealthCheckConfig {
  readonly probe: ProbeConfig;
  /** Without TLS, whatever the upstream does. */
  readonly isPlain?: true;
  readonly detector: DetectorConfig;
  /** From the end of one check to the start of the next. */
  readonly intervalMs: number;
  /** The same while the state is changing; at most `intervalMs`. */
  readonly fastIntervalMs: number;
  readonly timeoutMs: number;
  /** Passed checks in a row that bring a backend back, 1 or more. */
  readonly rise: number;
  /** Failed checks in a row that take it out, 1 or more; for the detector `threshold`. */
  readonly fall: number;
  /** What it counts as before there are results. */
  readonly initial: "up" | "down" | "probe";
}

/** What is done to find out whether a backend is well. */
export type ProbeConfig = TcpProbeConfig | HttpProbeConfig;

/** A connection, and what is said over it. */
export interface TcpProbeConfig {
  readonly type: "tcp";
  readonly send?: string;
  /** Has to stand somewhere in the answer. */
  readonly expect?: string;
}

/** A request, and which answers pass. */
export interface HttpProbeConfig {
  readonly type: "http";
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Absent: the backend's address. */
  readonly host?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly expectStatus: readonly StatusRange[];
  /** Has to stand somewhere in the body. */
  readonly expectBody?: string;
  /** Source of a regular expression that has to match somewhere in the body. */
  readonly expectBodyRegex?: string;
}

/** From one status to another, both included. */
export type StatusRange = readonly [from: number, to: number];

/** How results become up or down. */
export type DetectorConfig =
  /** By `rise` and `fall`. */
  | { readonly kind: "threshold" }
  /** By how improbable a silence is. */
  | {
    readonly kind: "phi_accrual";
    /** Level at which a backend is suspected, above 0. */
    readonly threshold: number;
    /** Silence beyond the usual that says nothing yet. */
    readonly pauseMs: number;
  };
