import { ALGORITHMS } from "../balancer/registry.ts";
import { formatAddress } from "../core/address.ts";
import { LOG_CATEGORIES } from "../core/log.ts";
import type { BackendSpec } from "../core/types.ts";
import type { LimitPolicy } from "../limit/create_limit.ts";
import type {
  FullSettings,
  IncludedSettings,
  ListenerSettings,
  UpstreamSettings,
} from "./schema.ts";
import { pathBeside } from "./admin_token.ts";
import { buildAccess, buildProxyProtocol, buildSni, type ListFiles } from "./build_access.ts";
import { buildOpening } from "./build_backend_tls.ts";
import { buildGuards } from "./build_guard.ts";
import { buildHealthCheck } from "./build_health.ts";
import { buildHttp } from "./build_http.ts";
import { buildRateLimit } from "./build_rate.ts";
import { buildTls } from "./build_tls.ts";
import type { BackendPems } from "./read_backend_tls.ts";
import type {
  AccessLogConfig,
  AdminConfig,
  Config,
  HashKey,
  ListenerConfig,
  LogConfig,
  StickyConfig,
  TracingConfig,
  UpstreamConfig,
} from "./types.ts";

/** Settings of a whole configuration. */
export interface BuildInput {
  readonly main: FullSettings;
  readonly included: readonly IncludedSettings[];
  /** Folders of the main file and those included, for the paths in them. */
  readonly folders: readonly string[];
  /** What `workers: auto` stands for. */
  readonly cores: number;
  /** The file that relative paths are relative to. */
  readonly file: string;
  /** Absent: no part names a file with addresses. */
  readonly lists?: ListFiles;
  /** Files of TLS with backends, by upstream. */
  readonly pems?: ReadonlyMap<string, BackendPems>;
}

/** Turns checked settings into the configuration that the program runs on. */
export function buildConfig(input: BuildInput): Config {
  const { main, included, folders, cores, file: configFile, lists = new Map(), pems } = input;
  const { admin, tcp, access_log: accessLog, tracing } = main;
  const { name: congestionControl } = tcp.congestion_control;
  const parts = [main, ...included];
  return deepFreeze({
    workers: main.workers === "auto" ? Math.min(256, Math.max(1, cores)) : main.workers,
    sandbox: main.sandbox,
    ...(main.zone === undefined ? {} : { zone: main.zone }),
    ...(main.watch ? { watch: true } : {}),
    shutdownDelayMs: main.shutdown_delay,
    shutdownTimeoutMs: main.shutdown_timeout,
    log: buildLog(main.log),
    ...(accessLog?.enabled ? { accessLog: buildAccessLog(accessLog) } : {}),
    ...(tracing === undefined ? {} : { tracing: buildTracing(tracing) }),
    ...(congestionControl === undefined ? {} : { congestionControl }),
    ...(admin === undefined ? {} : { admin: buildAdmin(admin, configFile) }),
    listeners: parts.flatMap((part, index) => {
      const files = { lists, folder: folders[index] ?? "" };
      return (part.listeners ?? []).map((listener) => buildListener(listener, files));
    }),
    upstreams: parts.flatMap((part) => {
      return Object.entries(part.upstreams ?? {})
        .map(([name, upstream]) => buildUpstream(name, upstream, pems?.get(name)));
    }),
  });
}

function buildLog({ level, levels, format, file: { path } }: FullSettings["log"]): LogConfig {
  const named = LOG_CATEGORIES.flatMap((category) => {
    const own = levels[category];
    return own === undefined ? [] : [[category, own] as const];
  });
  return {
    level,
    ...(named.length === 0 ? {} : { levels: Object.fromEntries(named) }),
    format,
    ...(path === undefined ? {} : { file: path }),
  };
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

function buildAdmin(
  { address, token_file: { path }, hosts }: NonNullable<FullSettings["admin"]>,
  configFile: string,
): AdminConfig {
  const tokenFile = path === undefined ? {} : { tokenFile: pathBeside(configFile, path) };
  return { address, hosts, ...tokenFile };
}

/** What listeners take from files. */
interface ListenerFiles {
  readonly lists: ListFiles;
  /** Folder of the file that the listener stands in. */
  readonly folder: string;
}

function buildListener(
  listener: ListenerSettings,
  { lists, folder }: ListenerFiles,
): ListenerConfig {
  const { max_connections_per_ip: maxPerIp } = listener.limits;
  const base = {
    name: listener.name ?? listener.address.text,
    address: listener.address.parsed,
    maxConnections: listener.limits.max_connections,
    ...(maxPerIp === 0 ? {} : { maxConnectionsPerIp: maxPerIp }),
    idleTimeoutMs: listener.timeouts.idle,
    tunnelTimeoutMs: listener.timeouts.tunnel,
    ...buildRateLimit(listener.rate_limit),
    ...buildAccess(listener, lists),
    ...buildProxyProtocol(listener),
    ...buildTls(listener, folder),
  };
  if (listener.protocol === "http") {
    return { ...base, protocol: "http", ...buildHttp(listener, lists) };
  }
  const { upstream } = listener;
  const fallback = upstream === undefined ? {} : { upstream };
  return { ...base, protocol: "tcp", ...fallback, ...buildSni(listener) };
}

function buildUpstream(
  name: string,
  upstream: UpstreamSettings,
  pems: BackendPems | undefined,
): UpstreamConfig {
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
    ...(upstream.max_connections === 0 ? {} : { maxConnections: upstream.max_connections }),
    connectTimeoutMs: upstream.connect_timeout,
    ...buildOpening(upstream, pems),
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

/** One server as the program has it. */
export function buildBackend(backend: UpstreamSettings["backends"][number]): BackendSpec {
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
