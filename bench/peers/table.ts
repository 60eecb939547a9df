import type { Figure, Goal } from "./row.ts";

/** What was measured, as `--json` prints it. */
export interface Report {
  readonly machine: Readonly<Record<string, string>>;
  /** Subjects that were measured. */
  readonly subjects: readonly { readonly id: string; readonly title: string }[];
  /** Subjects that were not, and why. */
  readonly missing: readonly string[];
  readonly lines: readonly ReportLine[];
  readonly failures: readonly string[];
}

/** One figure over all subjects. */
export interface ReportLine {
  readonly row: string;
  readonly figure: string;
  readonly title: string;
  readonly digits: number;
  readonly goal?: Goal;
  /** Absent: there is no goal, or nothing to compare with. */
  readonly isMet?: boolean;
  readonly medians: Readonly<Record<string, number>>;
  /** One value a round, by subject; `NaN` (`null` in JSON) where a measurement failed. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Weir over another subject, round by round. */
  readonly ratios: Readonly<Record<string, Spread>>;
}

/** A median and its extremes. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Where a figure comes from. */
export interface FigureSamples {
  readonly row: string;
  readonly figure: Figure;
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/** The subject that the others are compared with. */
const OWN = "weir";
/** The subject that goals are written against. */
const YARDSTICK = "haproxy";

/** Works out medians, ratios and the goal of one figure. */
export function summarize({ row, figure, samples }: FigureSamples): ReportLine {
  const own = samples[OWN];
  const medians: Record<string, number> = {};
  const ratios: Record<string, Spread> = {};
  for (const [id, values] of Object.entries(samples)) {
    medians[id] = spreadOf(values).median;
    if (own === undefined || id === OWN) continue;
    ratios[id] = spreadOf(own.map((value, round) => value / (values[round] ?? NaN)));
  }
  const { id, title, digits, goal } = figure;
  const isMet = goal === undefined ? undefined : checkGoal(goal, { medians, ratios });
  return {
    row,
    figure: id,
    title,
    digits,
    medians,
    samples,
    ratios,
    ...(goal === undefined ? {} : { goal }),
    ...(isMet === undefined ? {} : { isMet }),
  };
}

/** The table in Markdown, as the README shows it. */
export function renderMarkdown(report: Report): string {
  const [head = [], ...body] = cells(report);
  const rule = head.map((_, column) => column === 0 ? "---" : "---:");
  const table = [head, rule, ...body].map((row) => `| ${row.join(" | ")} |`);
  return [machineLine(report), "", ...table].join("\n");
}

/** The table for a terminal. */
export function renderText(report: Report): string {
  const rows = cells(report);
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => width(row[column]))));
  const lines = rows.map((row) =>
    row.map((cell, column) => {
      const gap = " ".repeat((widths?.[column] ?? 0) - width(cell));
      return column === 0 ? cell + gap : gap + cell;
    }).join("  ").trimEnd()
  );
  return [machineLine(report), "", ...lines].join("\n");
}

function checkGoal(
  goal: Goal,
  { medians, ratios }: Pick<ReportLine, "medians" | "ratios">,
): boolean | undefined {
  const value = goal.kind === "ratio" ? ratios[YARDSTICK]?.median : medians[OWN];
  return value === undefined ? undefined : value <= goal.most;
}

/** Leaves out rounds in which either side failed. */
function spreadOf(values: readonly number[]): Spread {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)] ?? NaN;
  const high = sorted[Math.ceil(middle)] ?? NaN;
  return { median: (low + high) / 2, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

function cells({ subjects, lines }: Report): string[][] {
  const others = subjects.filter(({ id }) => id !== OWN);
  const compared = others.length === subjects.length ? [] : others;
  const head = [
    "work",
    ...subjects.map(({ title }) => title),
    ...compared.map(({ title }) => `Weir / ${title}`),
    "goal",
    "met",
  ];
  const body = lines.map((line) => [
    line.title,
    ...subjects.map(({ id }) => renderNumber(line.medians[id], line.digits)),
    ...compared.map(({ id }) => renderSpread(line.ratios[id])),
    renderGoal(line.goal),
    line.isMet === undefined ? "" : line.isMet ? "yes" : "no",
  ]);
  return [head, ...body];
}

function renderNumber(value: number | undefined, digits: number): string {
  if (value === undefined || Number.isNaN(value)) return "failed";
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function renderSpread(spread: Spread | undefined): string {
  if (spread === undefined || Number.isNaN(spread.median)) return "";
  const [median, min, max] = [spread.median, spread.min, spread.max].map((x) => x.toFixed(2));
  return `${median} (${min}–${max})`;
}

function renderGoal(goal: Goal | undefined): string {
  if (goal === undefined) return "";
  return goal.kind === "ratio" ? `≤ ${goal.most} × HAProxy` : `≤ ${goal.most}`;
}

function machineLine({ machine }: Report): string {
  return Object.values(machine).join(" · ");
}

function width(cell: string | undefined): number {
  return cell?.length ?? 0;
}
