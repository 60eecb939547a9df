/**
 * Weir as a library: load a configuration, run it, ask how it is doing.
 *
 * ```ts no-run
 * import { loadConfig, Supervisor, systemClock } from "./mod.ts";
 *
 * const loaded = await loadConfig("config/tcp.yaml");
 * if (!loaded.ok) throw new Error(loaded.problems.map((problem) => problem.message).join("\n"));
 * const log = { enabled: () => false, write: () => {} };
 * using weir = await Supervisor.start({
 *   config: loaded.config,
 *   log,
 *   clock: systemClock,
 *   random: Math.random,
 * });
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
  Balancer,
  BalancerFactory,
  BalancerOptions,
  PickRequest,
} from "./balancer/balancer.ts";
export { ALGORITHMS } from "./balancer/registry.ts";
export type { Clock } from "./core/clock.ts";
export type { Logger, LogRecord } from "./core/log.ts";
export type { Candidate } from "./core/types.ts";
export { ListenError } from "./runtime/data_plane.ts";
export type { Status } from "./runtime/status.ts";
export { Supervisor, type SupervisorOptions } from "./runtime/supervisor.ts";
export { systemClock } from "./runtime/system_clock.ts";
