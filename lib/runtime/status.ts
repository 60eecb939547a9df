import type { Overlay } from "../config/overlay.ts";
import { formatAddress } from "../core/address.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { Circuit } from "../core/guard_word.ts";
import type { LimitTable, QueueLook } from "../core/limit_table.ts";
import type { SharedTable } from "../core/shared_table.ts";
import { HANDSHAKE_FAILURES, type HandshakeFailure } from "../core/tls_counters.ts";
import type { BackendState } from "../core/types.ts";
import type { HealthReport, LastCheck } from "../health/watch.ts";
import type { MetricTable } from "../metrics/metric_table.ts";
import type { CertificateStatus } from "./certificates.ts";
import {
  placeBackends,
  type PlacedBackend,
  type PlacedConfig,
  placeListeners,
  placeUpstreams,
} from "./layout.ts";
import type { BackendOverride, Overrides } from "./overrides.ts";
import type { SpansLost } from "../tracing/span_queue.ts";
import type { AccessLost } from "./access_output.ts";
import { isInPanic } from "./panic.ts";

/** What a running Weir is doing, as plain data. */
export interface Status {
  readonly version: string;
  /** Every listener is open and no drain has begun. */
  readonly ready: boolean;
  readonly workers: number;
  /** Data plane threads that died and were replaced. */
  readonly workerRestarts: number;
  /** Log records lost because a thread wrote faster than they could be read. */
  readonly logDropped: number;
  /** Lines of the access log that were lost. */
  readonly accessLog?: AccessLost;
  /** Spans that did not reach the collector. */
  readonly tracing?: SpansLost;
  /** Absent where there is nothing to reload from. */
  readonly reloads?: ReloadHistory;
  /** What operators added and removed beside the file; absent where it is not asked for. */
  readonly overlay?: Overlay;
  readonly listeners: readonly ListenerStatus[];
  readonly certificates: readonly CertificateStatus[];
  readonly upstreams: readonly UpstreamStatus[];
}

/** How reloads went, since the start. */
export interface ReloadHistory {
  readonly done: number;
  readonly refused: number;
  /** What was wrong with the last one; absent when it was done. */
  readonly problems?: readonly string[];
}

/** One listener; totals since start. */
export interface ListenerStatus {
  readonly name: string;
  readonly address: string;
  readonly protocol: "tcp" | "http";
  readonly active: number;
  readonly accepted: number;
  /** Over `max_connections`. */
  readonly rejected: number;
  /** Of clients at `max_connections_per_ip`. */
  readonly rejectedPerIp: number;
  /** Connections and requests of clients that a list does not let in. */
  readonly denied: number;
  /** Connections of strangers, or without a valid header, with `proxy_protocol`. */
  readonly proxyRefused: number;
  /** Connections without a valid ClientHello, with `sni_routes`. */
  readonly helloRefused: number;
  /** Connections for a name that `sni_routes` does not know. */
  readonly unknownName: number;
  /** Closed because no backend could be reached. */
  readonly noBackend: number;
  /** Turned away because every backend had as much work as it may have, and the queue was full. */
  readonly queueFull: number;
  /** Turned away after a wait in the queue. */
  readonly queueTimeouts: number;
  /** Requests, over TCP connections, beyond a rate limit. */
  readonly rateLimited: number;
  /** Connections or requests tried on a further backend. */
  readonly retries: number;
  /** Retries that the budget did not allow. */
  readonly retriesDenied: number;
  /** HTTP only. */
  readonly requests: number;
  /** Answers that a backend began and did not end. HTTP only. */
  readonly answersCut: number;
  /** Where it ends TLS. */
  readonly tls?: HandshakeTotals;
}

/** Handshakes since start. */
export interface HandshakeTotals {
  readonly handshakes: number;
  readonly failures: Readonly<Record<HandshakeFailure, number>>;
}

/** One upstream. */
export interface UpstreamStatus {
  readonly name: string;
  readonly algorithm: string;
  /** Who waits for a backend now. */
  readonly queue: QueueLook;
  /** So few backends are well that all are tried. */
  readonly panic: boolean;
  readonly backends: readonly BackendStatus[];
}

/** One backend; totals since start. */
export interface BackendStatus {
  readonly id: string;
  readonly address: string;
  /** The weight in force, which a backend that is held off gets back. */
  readonly weight: number;
  /** What operators want of it. */
  readonly state: BackendState;
  /** What operators have changed; absent: nothing. */
  readonly override?: BackendOverride & { readonly configuredWeight: number };
  readonly up: boolean;
  /** What its checks have found; absent when it has none, or they are stopped. */
  readonly health?: BackendHealth;
  readonly circuit: Circuit;
  /** Held off by outlier detection. */
  readonly ejected: boolean;
  readonly inFlight: number;
  /** Most work at once by `concurrency`, over all threads; 0: no limit, or none needed yet. */
  readonly concurrencyLimit: number;
  readonly connections: number;
  /** HTTP only. */
  readonly requests: number;
  /** Requests on a connection that had carried one before. */
  readonly reuses: number;
  /** Connections that wait in pools for work. */
  readonly idle: number;
  /** Connections that are open, idle or not. HTTP only. */
  readonly open: number;
  /** Times that a connection was wanted and the most were open. HTTP only. */
  readonly poolExhausted: number;
  readonly connectFailures: number;
  readonly failures: number;
  readonly bytesToBackend: number;
  readonly bytesToClient: number;
}

/** What the checks of a backend have found. */
export interface BackendHealth {
  /** Why it is down; absent while it is up, and while nothing is known. */
  readonly reason?: string;
  /** Level of suspicion, 0 to 100; `phi_accrual` only. */
  readonly phi?: number;
  /** Absent before the first has ended. */
  readonly lastCheck?: LastCheck;
  /** Checks since start; all upstreams where the server is checked in the same way share them. */
  readonly passed: number;
  readonly failed: number;
}

/** Reads the listeners' part of the status out of shared memory. */
export function listenerStatus(
  config: PlacedConfig,
  { table, metrics }: Pick<StatusTables, "table" | "metrics">,
): ListenerStatus[] {
  return placeListeners(config).map(({ config: listener, index }) => ({
    name: listener.name,
    address: formatAddress(listener.address),
    protocol: listener.protocol,
    active: table.active(index),
    accepted: table.listenerTotal(index, "accepted"),
    rejected: table.listenerTotal(index, "rejected"),
    rejectedPerIp: table.listenerTotal(index, "rejectedPerIp"),
    denied: table.listenerTotal(index, "denied"),
    proxyRefused: table.listenerTotal(index, "proxyRefused"),
    helloRefused: table.listenerTotal(index, "helloRefused"),
    unknownName: table.listenerTotal(index, "unknownName"),
    noBackend: table.listenerTotal(index, "noBackend"),
    queueFull: table.listenerTotal(index, "queueFull"),
    queueTimeouts: table.listenerTotal(index, "queueTimeouts"),
    rateLimited: table.listenerTotal(index, "rateLimited"),
    retries: metrics.paidRetries(index),
    retriesDenied: table.listenerTotal(index, "retriesDenied"),
    requests: table.listenerTotal(index, "requests"),
    answersCut: table.listenerTotal(index, "answersCut"),
    ...(listener.tls === undefined ? {} : { tls: handshakeTotals(table, index) }),
  }));
}

function handshakeTotals(table: SharedTable, index: number): HandshakeTotals {
  const failures = HANDSHAKE_FAILURES.map((kind) => {
    return [kind, table.listenerTotal(index, `tlsFailed_${kind}`)] as const;
  });
  return {
    handshakes: table.listenerTotal(index, "tlsHandshakes"),
    failures: Object.fromEntries(failures) as Record<HandshakeFailure, number>,
  };
}

/** What {@linkcode upstreamStatus} reads. */
export interface StatusTables {
  readonly table: SharedTable;
  readonly limits: LimitTable;
  readonly guards: GuardTable;
  readonly metrics: MetricTable;
  readonly health: HealthSource;
  readonly overrides: Overrides;
  /** Milliseconds of the clock that all threads have. */
  readonly nowMs: number;
}

/** Reads the upstreams' part of the status out of shared memory. */
export function upstreamStatus(
  config: PlacedConfig,
  tables: Omit<StatusTables, "metrics">,
): UpstreamStatus[] {
  const { table, limits, guards, overrides, nowMs } = tables;
  const shareOf = overrides.shareOf.bind(overrides);
  const placed = Map.groupBy(placeBackends(config), ({ upstream }) => upstream);
  return placeUpstreams(config).map(({ config: upstream, index }) => {
    const backends = placed.get(upstream) ?? [];
    return {
      name: upstream.name,
      algorithm: upstream.algorithm,
      panic: isInPanic(upstream, backends, { zone: config.zone, table, guards, shareOf }),
      queue: limits.queueOf(index, nowMs),
      backends: backends.map((backend) => backendStatus(backend, tables)),
    };
  });
}

/** Where the health of backends is known. */
export interface HealthSource {
  /** @param index place of a backend in the shared table */
  reportOf(index: number): HealthReport | undefined;
}

function backendStatus(
  backend: PlacedBackend,
  { table, limits, guards, health, overrides }: Omit<StatusTables, "metrics">,
): BackendStatus {
  const { spec, index } = backend;
  const override = overrides.of(backend);
  const report = health.reportOf(index);
  const { circuit, ejected } = guards.state(index);
  return {
    id: spec.id,
    address: formatAddress(spec.address),
    weight: overrides.weightOf(backend),
    state: overrides.stateOf(backend),
    ...(override && { override: { ...override, configuredWeight: spec.weight } }),
    up: table.isUp(index),
    ...(report === undefined ? {} : { health: healthOf(report) }),
    circuit,
    ejected,
    inFlight: table.inFlight(index),
    concurrencyLimit: limits.windowOf(index),
    connections: table.backendTotal(index, "connections"),
    requests: table.backendTotal(index, "requests"),
    reuses: table.backendTotal(index, "reuses"),
    idle: table.backendTotal(index, "idle"),
    open: table.openToBackend(index),
    poolExhausted: table.backendTotal(index, "poolExhausted"),
    connectFailures: table.backendTotal(index, "connectFailures"),
    failures: table.backendTotal(index, "failures"),
    bytesToBackend: table.backendTotal(index, "bytesToBackend"),
    bytesToClient: table.backendTotal(index, "bytesToClient"),
  };
}

function healthOf({ reason, suspicion, lastCheck, passed, failed }: HealthReport): BackendHealth {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(suspicion === undefined ? {} : { phi: Math.round(suspicion * 100) / 100 }),
    ...(lastCheck === undefined ? {} : { lastCheck }),
    passed,
    failed,
  };
}
