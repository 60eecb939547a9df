/**
 * Weir as a library: load a configuration, run it, ask how it is doing.
 *
 * ```ts
 * import { loadConfigText, systemEnvironment } from "./mod.ts";
 *
 * const text = `
 * listeners: [{ address: "127.0.0.1:8080", upstream: app }]
 * upstreams: { app: { backends: [{ address: "127.0.0.1:8081" }] } }
 * `;
 * const loaded = await loadConfigText("weir.yaml", text, systemEnvironment());
 * if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
 * if (loaded.config.upstreams[0]?.algorithm !== "round_robin") throw new Error("not the default");
 * ```
 *
 * With a configuration in hand:
 *
 * ```ts ignore
 * const log = { enabled: () => false, write: () => {} };
 * const random = Math.random;
 * using weir = await Supervisor.start({ config: loaded.config, log, clock: systemClock, random });
 * weir.status();
 * await weir.drain();
 * ```
 *
 * @module
 */
export {
  formatProblem,
  loadConfig,
  loadConfigText,
  type LoadEnvironment,
  type LoadResult,
  systemEnvironment,
} from "./config/load.ts";
export type { Config } from "./config/types.ts";
export type {
  Algorithm,
  Balancer,
  BalancerFactory,
  BalancerOptions,
  PickRequest,
} from "./balancer/balancer.ts";
export { ALGORITHMS, createBalancer } from "./balancer/registry.ts";
export type { Clock } from "./core/clock.ts";
export type { CategoryLevels, LogCategory, Logger, LogRecord } from "./core/log.ts";
export type { Candidate } from "./core/types.ts";
export { ListenError } from "./runtime/listen_error.ts";
export type { Status } from "./runtime/status.ts";
export { Supervisor } from "./runtime/supervisor.ts";
export type { SupervisorOptions } from "./runtime/supervisor_options.ts";
export { systemClock } from "./runtime/system_clock.ts";
