import { BASE, VARIANTS } from "./variants.ts";

/** What one kind of load cost. */
export interface Measured {
  readonly title: string;
  /** CPU time per request in microseconds, one a round, by variant. */
  readonly cpuUs: ReadonlyMap<string, readonly number[]>;
}

/** What is measured, by id. */
export type Variants = Readonly<Record<string, { readonly title: string }>>;

/**
 * A Markdown table: medians, and of each round's ratio to the variant without anything the median and
 * the quartiles.
 */
export function renderTable(
  rows: readonly Measured[],
  variants: Variants = VARIANTS,
  base: string = BASE,
): string {
  const titles = Object.values(variants).map(({ title }) => title);
  const head = ["CPU µs per request", ...titles];
  const rule = head.map((_, column) => column === 0 ? "---" : "---:");
  return [head, rule, ...rows.map((row) => renderRow(row, variants, base))]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function renderRow({ title, cpuUs }: Measured, variants: Variants, base: string): string[] {
  const bases = cpuUs.get(base) ?? [];
  const cells = Object.keys(variants).map((id) => {
    const values = cpuUs.get(id) ?? [];
    const cpu = quantile(values, 0.5).toFixed(1);
    if (id === base) return cpu;
    const ratios = values.map((value, round) => value / (bases[round] ?? NaN));
    const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => percent(quantile(ratios, part)));
    return `${cpu}, ${middle} % (${low} to ${high})`;
  });
  return [title, ...cells];
}

function percent(ratio: number): string {
  const value = ((ratio - 1) * 100).toFixed(1);
  return value.startsWith("-") ? value : `+${value}`;
}

/** The value below which that part of them lies; between two of them on a straight line. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return below + (above - below) * (place % 1);
}
