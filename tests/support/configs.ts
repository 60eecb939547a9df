import type {
  Config,
  ListenerConfig,
  TcpListenerConfig,
  UpstreamConfig,
} from "../../lib/config/types.ts";
import { type Address, formatAddress, parseAddress } from "../../lib/core/address.ts";

/** A listener as the loader would make it. */
export function listenerConfig(changes: Partial<TcpListenerConfig> = {}): TcpListenerConfig {
  return {
    name: "front",
    address: tcp(80),
    protocol: "tcp",
    upstream: "app",
    maxConnections: 100,
    idleTimeoutMs: 1000,
    tunnelTimeoutMs: 10_000,
    ...changes,
  };
}

/** An upstream as the loader would make it, without health checks. */
export function upstreamConfig(name: string, backends: readonly Address[]): UpstreamConfig {
  return {
    name,
    algorithm: "round_robin",
    backends: backends.map((address) => ({ id: formatAddress(address), address, weight: 1 })),
    slowStartMs: 0,
    connectTimeoutMs: 500,
    retry: { attempts: 2, on: ["connect"], budget: 0.2 },
    pool: { maxIdle: 4, maxActive: 16, idleTimeoutMs: 1000, maxLifetimeMs: 10_000, warm: 0 },
    queue: { size: 4, timeoutMs: 500, targetMs: 5, intervalMs: 100 },
    responseTimeoutMs: 1000,
  };
}

/** A whole configuration. */
export function configOf(
  listeners: readonly ListenerConfig[],
  upstreams: readonly UpstreamConfig[],
): Config {
  return {
    workers: 1,
    sandbox: true,
    shutdownDelayMs: 0,
    shutdownTimeoutMs: 1000,
    log: { level: "debug", format: "text" },
    listeners,
    upstreams,
  };
}

/** An address for a network in memory. */
export function tcp(port: number): Address {
  return parseAddress(`192.0.2.1:${port}`);
}
