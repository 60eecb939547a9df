import { BASE, VARIANTS } from "./variants.ts";

/** What one kind of load cost. */
export interface Measured {
  readonly title: string;
  /** CPU time per request in microseconds, one a round, by variant. */
  readonly cpuUs: ReadonlyMap<string, readonly number[]>;
}

/** A Markdown table: medians, and medians of each round's ratio to the variant without anything. */
export function renderTable(rows: readonly Measured[]): string {
  const titles = Object.values(VARIANTS).map(({ title }) => title);
  const head = ["CPU µs per request", ...titles];
  const rule = head.map((_, column) => column === 0 ? "---" : "---:");
  return [head, rule, ...rows.map(renderRow)]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function renderRow({ title, cpuUs }: Measured): string[] {
  const base = cpuUs.get(BASE) ?? [];
  const cells = Object.keys(VARIANTS).map((id) => {
    const values = cpuUs.get(id) ?? [];
    const cpu = median(values).toFixed(1);
    if (id === BASE) return cpu;
    const ratio = median(values.map((value, round) => value / (base[round] ?? NaN)));
    const percent = (ratio - 1) * 100;
    return `${cpu} (${percent < 0 ? "" : "+"}${percent.toFixed(1)} %)`;
  });
  return [title, ...cells];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}
