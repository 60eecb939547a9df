import type { Config, HealthCheckConfig } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { type HealthChange, HealthChecker } from "../health/checker.ts";
import { Consecutive } from "../health/consecutive.ts";
import { probeTcp } from "../health/probe_tcp.ts";
import type { Transport } from "../net/transport.ts";
import { placeBackends, type PlacedBackend } from "./layout.ts";

/** What the health checks of a configuration need and whom they tell. */
export interface HealthOptions {
  readonly config: Config;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Hears of each backend whose state changed. */
  readonly onChange: (backend: PlacedBackend, available: boolean) => void;
}

/** Checks every backend that has a health check, until disposed. */
export function startHealthChecks(options: HealthOptions): HealthChecker {
  const { config, clock, random } = options;
  const checker = new HealthChecker({ clock, random });
  for (const backend of placeBackends(config)) {
    const { healthCheck } = backend.upstream;
    if (healthCheck !== undefined) watch(checker, backend, healthCheck, options);
  }
  return checker;
}

function watch(
  checker: HealthChecker,
  backend: PlacedBackend,
  config: HealthCheckConfig,
  options: HealthOptions,
): void {
  const { transport, onChange, log } = options;
  const { intervalMs, timeoutMs } = config;
  const probe = probeTcp((address, signal) => transport.connect(address, signal));
  const detector = new Consecutive(config);
  const check = { address: backend.spec.address, probe, detector, intervalMs, timeoutMs };
  checker.watch(check, (change) => {
    logChange(log, backend, change);
    onChange(backend, change.available);
  });
}

function logChange(log: Logger, backend: PlacedBackend, change: HealthChange): void {
  log.write({
    level: change.available ? "info" : "warning",
    message: change.available ? "Backend is up" : "Backend is down",
    fields: {
      upstream: backend.upstream.name,
      backend: backend.spec.id,
      reason: change.reason,
    },
  });
}
