import type { LimitResult } from "../../tests/support/limit_run.ts";
import { SLOW_MS } from "../../tests/support/sick_run.ts";

/** A line of the table about sick backends. Times in milliseconds. */
export interface SickLine {
  readonly title: string;
  readonly told: string;
  readonly by: string;
  /** Until it was held off, or got less than half of its share; `Infinity`: never. */
  readonly quietMs: number;
  readonly attempts: number;
  readonly requests: number;
  readonly failed: number;
  /** Absent where clients wait for each other. */
  readonly slow?: number;
  readonly backMs?: number;
}

/** A line of the table about limits of work at once. */
export interface LimitLine {
  readonly limit: string;
  readonly result: LimitResult;
  /** Of the backend while it was well. */
  readonly healthyMs: number;
  /** Most that any fixed limit had. */
  readonly bestGoodput: number;
}

/** What sick backends cost, in Markdown. */
export function sickTable(lines: readonly SickLine[]): string {
  const rows = lines.map((line) => [
    line.title,
    line.told,
    line.by,
    seconds(line.quietMs),
    String(line.attempts),
    `${line.failed} of ${line.requests}`,
    line.slow === undefined ? "" : String(line.slow),
    line.backMs === undefined ? "" : seconds(line.backMs),
  ]);
  const slow = `over ${SLOW_MS / 1000} s`;
  return table(
    ["one backend", "configuration", "found by", "after", "attempts", "failed", slow, "back"],
    rows,
  );
}

/** What limits of work at once do for a backend that degrades, in Markdown. */
export function limitTable(title: string, lines: readonly LimitLine[]): string {
  const rows = lines.map(({ limit, result, healthyMs, bestGoodput }) => [
    limit,
    `${result.p99Ms.toFixed(0)} ms`,
    `${(result.p99Ms / healthyMs).toFixed(1)} ×`,
    result.goodput.toFixed(0),
    `${(100 * result.goodput / bestGoodput).toFixed(0)} %`,
  ]);
  return table([title, "p99", "of healthy", "goodput per s", "of best fixed"], rows);
}

function seconds(ms: number): string {
  if (ms === Infinity) return "never";
  return ms < 995 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => column < 3 ? "---" : "---:");
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
