import type { Address, TcpAddress } from "../core/address.ts";
import type { LogLevel } from "../core/log.ts";
import type { BackendSpec } from "../core/types.ts";

/**
 * The whole configuration: validated, defaulted, frozen, and plain enough for `postMessage`.
 * Durations are milliseconds.
 */
export interface Config {
  /** Data plane threads, 1 to 256; `auto` is resolved to the number of cores. */
  readonly workers: number;
  /** Workers may reach only the addresses named in the configuration. */
  readonly sandbox: boolean;
  /** From the readiness check failing to the listeners closing. */
  readonly shutdownDelayMs: number;
  /** From the listeners closing to open connections being cut. */
  readonly shutdownTimeoutMs: number;
  readonly log: LogConfig;
  /** Absent: no admin listener. */
  readonly admin?: AdminConfig;
  readonly listeners: readonly ListenerConfig[];
  readonly upstreams: readonly UpstreamConfig[];
}

/** The operational log. */
export interface LogConfig {
  readonly level: LogLevel;
  readonly format: "text" | "json";
  /** Absent: standard error. */
  readonly file?: string;
}

/** The admin listener. */
export interface AdminConfig {
  /** A loopback address. */
  readonly address: TcpAddress;
}

/** One bound socket. */
export interface ListenerConfig {
  readonly name: string;
  readonly address: Address;
  readonly protocol: "tcp";
  /** Name of an upstream in {@linkcode Config.upstreams}. */
  readonly upstream: string;
  /** Most client connections at once, over all workers. */
  readonly maxConnections: number;
  /** Silence allowed before both sides have spoken, and after one side has ended. */
  readonly idleTimeoutMs: number;
  /** Silence allowed once bytes have gone both ways. */
  readonly tunnelTimeoutMs: number;
}

/** A named group of backends behind one algorithm. */
export interface UpstreamConfig {
  readonly name: string;
  /** A canonical name of `lib/balancer/registry.ts`. */
  readonly algorithm: string;
  readonly backends: readonly BackendSpec[];
  /** Absent: backends are never probed and always count as healthy. */
  readonly healthCheck?: HealthCheckConfig;
  readonly connectTimeoutMs: number;
  /** Further backends tried when one cannot be connected to; 0 or more. */
  readonly retryAttempts: number;
}

/** An active check. */
export interface HealthCheckConfig {
  readonly type: "tcp";
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Passed checks in a row that bring a backend back, 1 or more. */
  readonly rise: number;
  /** Failed checks in a row that take it out, 1 or more. */
  readonly fall: number;
}
