import { VERSION } from "../core/version.ts";
import type { AccessOutput } from "./access_output.ts";
import type { Certificates } from "./certificates.ts";
import { layoutOf, type PlacedConfig } from "./layout.ts";
import { writeMetrics } from "./metrics_page.ts";
import type { Overrides } from "./overrides.ts";
import type { SharedState } from "./shared_state.ts";
import type { TraceExport } from "./trace_export.ts";
import {
  type HealthSource,
  listenerStatus,
  type ReloadHistory,
  type Status,
  upstreamStatus,
} from "./status.ts";

/** Where the supervisor's parts say what is going on. */
export interface StatusSources {
  /** The configuration in force. */
  readonly config: PlacedConfig;
  readonly state: SharedState;
  readonly health: HealthSource;
  readonly certificates: Pick<Certificates, "status">;
  readonly overrides: Overrides;
  readonly generations: { readonly restarts: number; readonly logDropped: number };
  readonly access: Pick<AccessOutput, "lost"> | undefined;
  readonly traces: Pick<TraceExport, "lost"> | undefined;
  /** Every listener is open and no drain has begun. */
  readonly ready: boolean;
}

/** What a running Weir is doing at this moment. */
export function readStatus(sources: StatusSources): Status {
  const { config, state, health, certificates, overrides, generations, ready, access, traces } =
    sources;
  const { plan: { limits }, table, guards, metrics } = state;
  const tables = {
    table,
    limits: limits.table,
    guards,
    metrics,
    health,
    overrides,
    nowMs: limits.now(),
  };
  return {
    version: VERSION,
    ready,
    workers: config.workers,
    workerRestarts: generations.restarts,
    logDropped: generations.logDropped,
    accessLog: access?.lost ?? NOTHING_LOST,
    tracing: traces?.lost ?? NOTHING_LOST,
    certificates: certificates.status(),
    listeners: listenerStatus(config, tables),
    upstreams: upstreamStatus(config, tables),
  };
}

/** The same and more, for Prometheus. */
export function readMetrics(sources: StatusSources, reloads: ReloadHistory): string {
  return writeMetrics({
    status: { ...readStatus(sources), reloads },
    table: sources.state.metrics,
    layout: layoutOf(sources.config),
    residentBytes: Deno.memoryUsage().rss,
    startTimeMs: performance.timeOrigin,
  });
}

const NOTHING_LOST = { dropped: 0, failed: 0 };
