import { formatDuration } from "../core/units.ts";
import { capacityPerS, type Load, type Plan } from "./plan.ts";
import type { AlgorithmResult } from "./result.ts";

/** Everything about a simulation as one JSON text. The same seed gives the same text. */
export function jsonReport(plan: Plan, results: readonly AlgorithmResult[]): string {
  const { seed, scenario, concurrency, timeoutMs, faultTexts, check, retry, durationMs } = plan;
  const report = {
    version: 1,
    seed,
    scenario,
    durationMs: Math.round(durationMs),
    load: describeLoad(plan.load),
    backends: plan.backends.map(({ id, weight, backup = false, zone = null }, index) => {
      const speed = Number((plan.speeds[index] ?? 1).toFixed(6));
      return { name: id, weight, speed, backup, zone };
    }),
    concurrency,
    timeoutMs,
    slowStartMs: plan.slowStartMs,
    boundedLoad: plan.boundedLoad ?? null,
    zone: plan.zone ?? null,
    faults: faultTexts,
    healthCheck: check ?? null,
    circuitBreaker: plan.circuitBreaker ?? null,
    outlierDetection: plan.outlierDetection ?? null,
    panicThreshold: plan.panicThreshold ?? 0,
    adaptiveLimit: plan.adaptiveLimit ?? null,
    queue: plan.queue ?? null,
    retry,
    results,
  };
  return JSON.stringify(report, undefined, 2);
}

function describeLoad(load: Load): unknown {
  if (load.kind !== "replay") return load;
  const { readLines: _, ...facts } = load;
  return facts;
}

/** What is simulated, in a line or two. */
export function describePlan(plan: Plan): string[] {
  const { backends, load, faultTexts, scenario, seed } = plan;
  const lines = [`${backends.length} backends, ${loadText(plan, load)}; seed ${seed}`];
  const isNamed = scenario !== "steady";
  if (isNamed || faultTexts.length > 0) {
    const what = isNamed ? `scenario ${scenario}` : "faults";
    lines.push(faultTexts.length === 0 ? what : `${what}: ${faultTexts.join(" ")}`);
  }
  return lines;
}

function loadText(plan: Plan, load: Load): string {
  const lasts = `${formatDuration(Math.max(1, Math.round(plan.durationMs / 1000)) * 1000)} of`;
  if (load.kind === "replay") {
    return `${lasts} ${load.file}, ${load.summary.requests} requests`;
  }
  const { distribution, meanMs } = load.service;
  const service = `${distribution} service times of ${meanMs}ms`;
  if (load.kind === "closed") return `${lasts} ${load.clients} clients that wait, ${service}`;
  const use = load.ratePerS / capacityPerS(plan, meanMs);
  return `${lasts} ${load.kind} arrivals at load ${use.toFixed(2)}, ${service}`;
}

/** A line for each algorithm. */
export function tableReport(plan: Plan, results: readonly AlgorithmResult[]): string[] {
  const heads = [
    "algorithm",
    "requests",
    "max/mean",
    "share %",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "errors",
    "retries",
  ];
  const extra = columnsOf(plan, results);
  const rows = results.map((result) => [
    ...tableRow(result),
    ...extra.map(({ cell }) => cell(result)),
    result.keysMoved === null ? "-" : `${percent(result.keysMoved)} %`,
  ]);
  const head = [...heads, ...extra.map((column) => column.head), "keys moved"];
  return [...describePlan(plan), "", ...alignColumns([head, ...rows])];
}

interface ExtraColumn {
  readonly head: string;
  readonly cell: (result: AlgorithmResult) => string;
}

/** Columns about what a plan has, or a fault that was found. */
function columnsOf(plan: Plan, results: readonly AlgorithmResult[]): ExtraColumn[] {
  const columns: ExtraColumn[] = [];
  const add = (head: string, cell: ExtraColumn["cell"]) => columns.push({ head, cell });
  if (results.some((result) => longestFound(result) !== null)) {
    add("found ms", (result) => milliseconds(longestFound(result)));
  }
  if (plan.outlierDetection) add("ejected", ({ ejections }) => String(ejections));
  if (plan.circuitBreaker) add("opened", ({ openings }) => String(openings));
  const isLimited = plan.backends.some(({ maxConnections }) => maxConnections !== undefined);
  if (isLimited || plan.maxConnections || plan.adaptiveLimit) {
    add("queued", ({ queued }) => String(queued));
    add("refused", ({ refused }) => String(refused));
  }
  return columns;
}

/** Of the faults that were found, how long the one took that took longest. */
function longestFound({ detections }: AlgorithmResult): number | null {
  return detections.reduce<number | null>((longest, { foundMs }) => {
    return foundMs === null ? longest : Math.max(longest ?? 0, foundMs);
  }, null);
}

function tableRow(result: AlgorithmResult): string[] {
  const { latencyMs, shares } = result;
  return [
    result.algorithm,
    String(result.requests),
    result.imbalance.toFixed(2),
    // By hand: spreading ten thousand values into a call has its limits.
    `${percent(shares.reduce((a, b) => Math.min(a, b)))}-${
      percent(shares.reduce((a, b) => Math.max(a, b)))
    }`,
    milliseconds(latencyMs.p50),
    milliseconds(latencyMs.p99),
    milliseconds(latencyMs.p999),
    String(result.errors.total),
    String(result.retries),
  ];
}

/** The share of each backend in percent, a column for each algorithm. */
export function sharesReport(plan: Plan, results: readonly AlgorithmResult[]): string[] {
  const heads = ["backend", "weight", ...results.map(({ algorithm }) => algorithm)];
  const rows = plan.backends.map(({ id, weight }, index) => [
    id,
    String(weight),
    ...results.map(({ shares }) => percent(shares[index] ?? 0)),
  ]);
  return alignColumns([heads, ...rows]);
}

/** The first column to the left, numbers to the right. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0)
  );
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    }).join("  ")
  );
}

/** Three digits that say something, whatever the magnitude. */
export function milliseconds(value: number | null): string {
  if (value === null) return "-";
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function percent(share: number): string {
  const value = share * 100;
  return value === 0 || value >= 1 ? value.toFixed(1) : value.toFixed(2);
}
