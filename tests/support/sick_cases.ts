import type { Finder } from "./backend_watch.ts";
import type { Settings } from "./scenario.ts";
import type { SickBackend } from "./sick_backend.ts";
import type { Conduct } from "./sick_conduct.ts";

/** One way to fall ill, and a configuration that deals with it. */
export interface SickCase {
  readonly title: string;
  /** The configuration, as the table tells it. */
  readonly told: string;
  readonly upstream: Settings;
  /** Backends in all, the sick one among them. */
  readonly backends: number;
  readonly sick?: Partial<Conduct>;
  readonly sicken: (backend: SickBackend) => Promise<void>;
  /** Makes it well again. */
  readonly cure?: (backend: SickBackend) => void;
  /** What keeps work from it; where nothing does, who chooses others. */
  readonly by: Finder | "peak_ewma" | "concurrency limit" | "nothing";
  /** How long it is watched while it is sick, in milliseconds. */
  readonly sickMs: number;
}

const bySignal = (signal: "SIGSTOP" | "SIGKILL") => (backend: SickBackend) => {
  backend.signal(signal);
  return Promise.resolve();
};
const turns = (backend: SickBackend) => backend.sicken();

export const KILLED: SickCase = {
  title: "killed (SIGKILL)",
  told: "defaults",
  upstream: { health_check: { interval: "30s" } },
  backends: 3,
  sicken: bySignal("SIGKILL"),
  by: "ejection",
  sickMs: 4000,
};

export const STOPPED: SickCase = {
  title: "stopped (SIGSTOP)",
  told: "`response_timeout: 1s`, HTTP checks each 2 s",
  upstream: {
    response_timeout: "1s",
    health_check: { type: "http", interval: "2s", timeout: "1s" },
  },
  backends: 3,
  sicken: bySignal("SIGSTOP"),
  cure: (backend) => backend.signal("SIGCONT"),
  by: "ejection",
  sickMs: 7000,
};

export const STOPPED_CHECKED: SickCase = {
  ...STOPPED,
  told: "HTTP checks each second, `timeout: 500ms`, `fall: 2`; no `outlier_detection`",
  upstream: {
    response_timeout: "2s",
    outlier_detection: { enabled: false },
    health_check: {
      type: "http",
      interval: "1s",
      fast_interval: "500ms",
      timeout: "500ms",
      fall: 2,
    },
  },
  by: "health check",
};

export const SWALLOWED: SickCase = {
  title: "port swallows packets",
  told: "`connect_timeout: 1s`, `response_timeout: 1s`",
  upstream: {
    connect_timeout: "1s",
    response_timeout: "1s",
    health_check: { interval: "30s" },
  },
  backends: 3,
  sick: { connections: "swallowed" },
  sicken: turns,
  by: "ejection",
  sickMs: 6000,
};

export const RESETTING: SickCase = {
  title: "accepts and resets",
  told: "defaults",
  upstream: { health_check: { interval: "30s" } },
  backends: 3,
  sick: { connections: "reset" },
  sicken: turns,
  by: "ejection",
  sickMs: 4000,
};

export const FAILING_OUTLIER: SickCase = {
  title: "500 to a fifth of requests",
  told: "of five, `outlier_detection: { interval: 1s, min_requests: 20 }`",
  upstream: { outlier_detection: { interval: "1s", min_requests: 20 } },
  backends: 5,
  sick: { failEvery: 5 },
  sicken: turns,
  by: "ejection",
  sickMs: 6000,
};

export const FAILING_BREAKER: SickCase = {
  ...FAILING_OUTLIER,
  told: "`circuit_breaker: { error_rate: 0.1, window: 2s }`",
  upstream: { circuit_breaker: { error_rate: 0.1, window: "2s" } },
  backends: 3,
  by: "breaker",
};

export const SLOW_LATE: SickCase = {
  title: "2 s for each answer",
  told: "`response_timeout: 500ms`",
  upstream: { response_timeout: "500ms" },
  backends: 3,
  sick: { serviceMs: 2000 },
  sicken: turns,
  by: "ejection",
  sickMs: 5000,
};

export const SLOW_AVOIDED: SickCase = {
  ...SLOW_LATE,
  told: "`algorithm: peak_ewma`",
  upstream: { algorithm: "peak_ewma" },
  by: "peak_ewma",
};

export const SLOW_LIMITED: SickCase = {
  ...SLOW_LATE,
  told: "`concurrency: { algorithm: vegas, initial: 4 }`",
  upstream: { concurrency: { algorithm: "vegas", initial: 4 } },
  by: "concurrency limit",
};

export const TENFOLD_AVOIDED: SickCase = {
  ...SLOW_AVOIDED,
  title: "ten times as slow (50 ms)",
  sick: { serviceMs: 50 },
};

/** In the order of the table. */
export const SICK_CASES: readonly SickCase[] = [
  KILLED,
  STOPPED,
  STOPPED_CHECKED,
  SWALLOWED,
  RESETTING,
  FAILING_OUTLIER,
  FAILING_BREAKER,
  SLOW_LATE,
  SLOW_AVOIDED,
  SLOW_LIMITED,
  TENFOLD_AVOIDED,
];
