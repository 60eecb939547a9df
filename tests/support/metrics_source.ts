import type { Config } from "../../lib/config/types.ts";
import { GuardTable } from "../../lib/core/guard_table.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import type { HealthReport } from "../../lib/health/watch.ts";
import { MetricTable } from "../../lib/metrics/metric_table.ts";
import { layoutOf, metricShapeOf, shapeOf } from "../../lib/runtime/layout.ts";
import { writeMetrics } from "../../lib/runtime/metrics_page.ts";
import { Overrides } from "../../lib/runtime/overrides.ts";
import { SharedLimits } from "../../lib/runtime/shared_limits.ts";
import { listenerStatus, upstreamStatus } from "../../lib/runtime/status.ts";
import { configOf, listenerConfig, tcp, upstreamConfig } from "./configs.ts";

/** Everything that the page of metrics is written from, without a process around it. */
export class MetricsBench {
  readonly config: Config;
  readonly table: SharedTable;
  readonly guards: GuardTable;
  readonly limits: SharedLimits;
  readonly metrics: MetricTable;
  report: HealthReport | undefined;

  readonly overrides = new Overrides();

  constructor(config: Config) {
    this.config = config;
    this.table = SharedTable.create(shapeOf(config));
    this.guards = GuardTable.create(shapeOf(config));
    this.limits = SharedLimits.create(config, () => 0.5);
    this.metrics = MetricTable.create(metricShapeOf(config));
  }

  /** The page, made as the supervisor makes it. */
  page(): string {
    const { config, table, guards, metrics } = this;
    const health = { reportOf: () => this.report };
    const limits = this.limits.table;
    const { overrides } = this;
    const tables = { table, guards, limits, metrics, health, overrides, nowMs: 0 };
    return writeMetrics({
      status: {
        version: "1.2.3",
        ready: true,
        workers: config.workers,
        workerRestarts: 2,
        logDropped: 7,
        certificates: [],
        listeners: listenerStatus(config, tables),
        upstreams: upstreamStatus(config, tables),
      },
      table: metrics,
      layout: layoutOf(config),
      residentBytes: 1e8,
      startTimeMs: 1500,
    });
  }
}

/** A TCP listener before so many backends in upstreams of `each`, all with traffic. */
export function busyBench(backends: number, each: number, workers = 2): MetricsBench {
  const upstreams = Array.from({ length: backends / each }, (_, upstream) => {
    const addresses = Array.from({ length: each }, (_, i) => tcp(1 + upstream * each + i));
    return upstreamConfig(`upstream-${upstream}`, addresses);
  });
  const listeners = upstreams.map(({ name }, index) => {
    return listenerConfig({
      name: `listener-${index}`,
      address: tcp(40_000 + index),
      upstream: name,
    });
  });
  const bench = new MetricsBench({ ...configOf(listeners, upstreams), workers });
  bench.report = { passed: 10, failed: 1, suspicion: 0.25 };
  for (let worker = 0; worker < workers; worker++) {
    const meters = bench.metrics.metersOf(worker);
    for (let backend = 0; backend < backends; backend++) {
      const upstream = Math.floor(backend / each);
      const link = meters.listener(upstream).to(upstream);
      for (const status of [200, 304, 404, 503]) link.ended(status, backend, backend);
      meters.connected(backend, 1);
      bench.table.countBackend(worker, backend, "requests", 4);
    }
  }
  return bench;
}
