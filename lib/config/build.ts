import { ALGORITHMS } from "../balancer/registry.ts";
import { formatAddress } from "../core/address.ts";
import type { BackendSpec } from "../core/types.ts";
import type { LimitPolicy } from "../limit/create_limit.ts";
import type {
  FullSettings,
  IncludedSettings,
  ListenerSettings,
  UpstreamSettings,
} from "./schema.ts";
import { buildGuards } from "./build_guard.ts";
import { buildHealthCheck } from "./build_health.ts";
import { buildHttp } from "./build_http.ts";
import { buildRateLimit } from "./build_rate.ts";
import type {
  AccessLogConfig,
  Config,
  HashKey,
  ListenerConfig,
  StickyConfig,
  TracingConfig,
  UpstreamConfig,
} from "./types.ts";

/** Settings of a whole configuration. */
export interface BuildInput {
  readonly main: FullSettings;
  readonly included: readonly IncludedSettings[];
  /** What `workers: auto` stands for. */
  readonly cores: number;
}

/** Turns checked settings into the configuration that the program runs on. */
export function buildConfig({ main, included, cores }: BuildInput): Config {
  const { log, admin, tcp, access_log: accessLog, tracing } = main;
  const file = log.file.path;
  const { name: congestionControl } = tcp.congestion_control;
  const parts = [main, ...included];
  return deepFreeze({
    workers: main.workers === "auto" ? Math.min(256, Math.max(1, cores)) : main.workers,
    sandbox: main.sandbox,
    ...(main.zone === undefined ? {} : { zone: main.zone }),
    shutdownDelayMs: main.shutdown_delay,
    shutdownTimeoutMs: main.shutdown_timeout,
    log: { level: log.level, format: log.format, ...(file === undefined ? {} : { file }) },
    ...(accessLog?.enabled ? { accessLog: buildAccessLog(accessLog) } : {}),
    ...(tracing === undefined ? {} : { tracing: buildTracing(tracing) }),
    ...(congestionControl === undefined ? {} : { congestionControl }),
    ...(admin === undefined ? {} : { admin: { address: admin.address } }),
    listeners: parts.flatMap((part) => (part.listeners ?? []).map(buildListener)),
    upstreams: parts.flatMap((part) => Object.entries(part.upstreams ?? {}).map(buildUpstream)),
  });
}

function buildAccessLog(
  { format, file: { path }, sample }: NonNullable<FullSettings["access_log"]>,
): AccessLogConfig {
  return { format, sample, ...(path === undefined ? {} : { file: path }) };
}

function buildTracing(
  { endpoint, sample, max_per_second: maxPerSecond, service_name: serviceName }: NonNullable<
    FullSettings["tracing"]
  >,
): TracingConfig {
  return { endpoint, sample, maxPerSecond, serviceName };
}

function buildListener(listener: ListenerSettings): ListenerConfig {
  const { max_connections_per_ip: maxPerIp } = listener.limits;
  const base = {
    name: listener.name ?? listener.address.text,
    address: listener.address.parsed,
    maxConnections: listener.limits.max_connections,
    ...(maxPerIp === 0 ? {} : { maxConnectionsPerIp: maxPerIp }),
    idleTimeoutMs: listener.timeouts.idle,
    tunnelTimeoutMs: listener.timeouts.tunnel,
    ...buildRateLimit(listener.rate_limit),
  };
  if (listener.protocol === "http") {
    return { ...base, protocol: "http", ...buildHttp(listener) };
  }
  // Absent only in a short form or a file that has been refused already.
  return { ...base, protocol: "tcp", upstream: listener.upstream ?? "" };
}

function buildUpstream([name, upstream]: [string, UpstreamSettings]): UpstreamConfig {
  const { retry, pool } = upstream;
  const healthCheck = buildHealthCheck(upstream.health_check);
  const sticky = buildSticky(upstream.sticky);
  const hashKey = buildHashKey(upstream);
  const concurrency = buildConcurrency(upstream.concurrency);
  return {
    name,
    algorithm: upstream.algorithm,
    backends: upstream.backends.map(buildBackend),
    ...(hashKey === undefined ? {} : { hashKey }),
    ...(upstream.bounded_load === undefined ? {} : { boundedLoad: upstream.bounded_load }),
    slowStartMs: upstream.slow_start,
    ...(healthCheck === undefined ? {} : { healthCheck }),
    ...buildGuards(upstream),
    connectTimeoutMs: upstream.connect_timeout,
    retry: { attempts: retry.attempts, on: retry.on, budget: retry.budget },
    pool: {
      maxIdle: pool.max_idle,
      maxActive: pool.max_active,
      idleTimeoutMs: pool.idle_timeout,
      maxLifetimeMs: pool.max_lifetime,
      warm: pool.warm,
    },
    queue: {
      size: upstream.queue.size,
      timeoutMs: upstream.queue.timeout,
      targetMs: upstream.queue.target,
      intervalMs: upstream.queue.interval,
    },
    ...(concurrency === undefined ? {} : { concurrency }),
    responseTimeoutMs: upstream.response_timeout,
    ...(sticky === undefined ? {} : { sticky }),
  };
}

function buildBackend(backend: UpstreamSettings["backends"][number]): BackendSpec {
  const { address, weight, backup, zone, max_connections: max } = backend;
  return {
    id: backend.name ?? formatAddress(address),
    address,
    weight,
    ...(backup ? { backup } : {}),
    ...(zone === undefined ? {} : { zone }),
    ...(max === 0 ? {} : { maxConnections: max }),
  };
}

function buildHashKey({ algorithm, hash_key: key }: UpstreamSettings): HashKey | undefined {
  const basis = ALGORITHMS[algorithm]?.basis;
  if (basis === "network") return { kind: "network" };
  return basis === "key" ? key ?? { kind: "client_ip" } : undefined;
}

function buildConcurrency(
  { algorithm, timeout, window, initial, min, max }: UpstreamSettings["concurrency"],
): LimitPolicy | undefined {
  if (algorithm === "none") return undefined;
  const windowMs = window === undefined ? {} : { windowMs: window };
  const bounds = { initial: Math.min(max, Math.max(min, initial)), min, max };
  return { algorithm, ...bounds, timeoutMs: timeout, ...windowMs };
}

function buildSticky(sticky: UpstreamSettings["sticky"]): StickyConfig | undefined {
  if (sticky.cookie.name === undefined) return undefined;
  return { cookie: sticky.cookie.name, ttlMs: sticky.ttl, secret: sticky.secret ?? "" };
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) {
    if (typeof child === "object" && child !== null) deepFreeze(child);
  }
  return Object.freeze(value);
}
