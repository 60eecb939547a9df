import type { Plan } from "./plan.ts";
import { describePlan, milliseconds } from "./report.ts";
import type { AlgorithmResult } from "./result.ts";

/** From a value to a place along an axis, in pixels. */
type Scale = (value: number) => number;

/** One column of the picture. */
interface Column {
  readonly left: number;
  readonly width: number;
}

const WIDTH = 960;
const MARGIN = 24;
const ROW = 34;
const P99: Column = { left: 216, width: 230 };
const IMBALANCE: Column = { left: 510, width: 130 };
const COURSE: Column = { left: 706, width: 230 };

const STYLE = `
  svg { --ground: #ffffff; --ink: #1f2328; --faint: #59636e; --rule: #d8dee4;
    --first: #2f6fde; --second: #0f8a6d; --third: #b4540a; --wash: #b4540a22; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0d1117; --ink: #e6edf3; --faint: #9198a1; --rule: #2a313a;
      --first: #5b9bff; --second: #3cc9a3; --third: #f0883e; --wash: #f0883e2b; }
  }
  .ground { fill: var(--ground); }
  text { fill: var(--ink); font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
  .title { font-size: 15px; font-weight: 600; }
  .head { font-weight: 600; }
  .faint { fill: var(--faint); font-size: 11px; }
  .value { font-size: 12px; font-variant-numeric: tabular-nums; }
  .rule { stroke: var(--rule); stroke-width: 1; }
  .p99 { fill: var(--first); }
  .imbalance { fill: var(--second); }
  .area { fill: var(--wash); }
  .line { fill: none; stroke: var(--third); stroke-width: 1.5; stroke-linejoin: round; }
`;

/**
 * A picture of a simulation: for each algorithm p99 on a logarithmic scale, imbalance, and p99 in the
 * course of the run. Stands alone, runs no script, and follows the reader's light or dark scheme.
 */
export function svgReport(plan: Plan, results: readonly AlgorithmResult[]): string {
  const [title = "", ...subtitles] = describePlan(plan);
  const top = 92 + 18 * subtitles.length;
  const bottom = top + ROW * results.length;
  const height = bottom + 40;
  const names = results.map(({ algorithm }) => algorithm).join(", ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" ` +
    `height="${height}" role="img" aria-label="Latency and imbalance of ${escapeText(names)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>`,
    text(MARGIN, 34, title, "title"),
    ...subtitles.map((line, index) => text(MARGIN, 54 + 18 * index, line, "faint")),
    ...drawP99(results, top, bottom),
    ...drawImbalance(results, top, bottom),
    ...drawCourses(results, top, bottom),
    ...results.map(({ algorithm }, row) => text(MARGIN, middle(top, row) + 4, algorithm, "head")),
    "</svg>",
    "",
  ].join("\n");
}

function drawP99(results: readonly AlgorithmResult[], top: number, bottom: number): string[] {
  const values = results.flatMap(({ latencyMs }) => latencyMs.p99 ?? []);
  const { scale, ticks } = logScale(values, P99);
  return [
    text(P99.left, top - 16, "p99 latency, ms", "head"),
    ...ticks.flatMap((tick) => rule(scale(tick), top, bottom, tickLabel(tick))),
    ...results.flatMap(({ latencyMs: { p99 } }, row) => {
      if (p99 === null) return [text(P99.left + 6, middle(top, row) + 4, "no answer", "value")];
      return bar(P99.left, scale(p99), middle(top, row), { kind: "p99", label: milliseconds(p99) });
    }),
  ];
}

function drawImbalance(results: readonly AlgorithmResult[], top: number, bottom: number): string[] {
  const most = results.reduce((max, { imbalance }) => Math.max(max, imbalance), 2);
  const step = niceStep(most);
  const end = Math.ceil(most / step) * step;
  const scale: Scale = (value) => IMBALANCE.left + value / end * IMBALANCE.width;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => index * step);
  return [
    text(IMBALANCE.left, top - 16, "imbalance, max / mean", "head"),
    ...ticks.flatMap((tick) => rule(scale(tick), top, bottom, tickLabel(tick))),
    ...results.flatMap(({ imbalance }, row) => {
      const options = { kind: "imbalance", label: imbalance.toFixed(2) };
      return bar(IMBALANCE.left, scale(imbalance), middle(top, row), options);
    }),
  ];
}

/** One line for each algorithm, all to one logarithmic scale. */
function drawCourses(results: readonly AlgorithmResult[], top: number, bottom: number): string[] {
  const values = results.flatMap(({ courseP99Ms }) => courseP99Ms.filter((ms) => ms !== null));
  const { scale: up, from, to } = logScale(values, { left: 0, width: ROW - 8 });
  const range = `${tickLabel(from)} to ${tickLabel(to)} ms each`;
  return [
    text(COURSE.left, top - 16, "p99 in the course of the run", "head"),
    ...rule(COURSE.left, top, bottom, "start"),
    ...rule(COURSE.left + COURSE.width, top, bottom, "end"),
    text(COURSE.left + COURSE.width / 2, bottom + 18, range, "faint", "middle"),
    ...results.flatMap(({ courseP99Ms }, row) => {
      const floor = top + ROW * (row + 1) - 4;
      const across: Scale = (index) =>
        COURSE.left + (index + 0.5) / courseP99Ms.length * COURSE.width;
      return pieces(courseP99Ms).flatMap((piece) => {
        const points = piece.map(({ index, ms }) => `${px(across(index))},${px(floor - up(ms))}`);
        const ends = [piece.at(-1), piece[0]].map((point) =>
          `${px(across(point?.index ?? 0))},${px(floor)}`
        );
        return [
          `<polygon class="area" points="${[...points, ...ends].join(" ")}"/>`,
          `<polyline class="line" points="${points.join(" ")}"/>`,
        ];
      });
    }),
  ];
}

interface Point {
  readonly index: number;
  readonly ms: number;
}

/** Where nothing was answered the line is broken. */
function pieces(values: readonly (number | null)[]): Point[][] {
  const found: Point[][] = [];
  let piece: Point[] = [];
  for (const [index, ms] of values.entries()) {
    if (ms === null) piece = [];
    else if (piece.push({ index, ms }) === 1) found.push(piece);
  }
  return found;
}

interface LogScale {
  readonly scale: Scale;
  readonly from: number;
  readonly to: number;
  /** Values between the two that are worth a label. */
  readonly ticks: readonly number[];
}

/** From one of 1, 2, 5, 10 … below all values to one above them. */
function logScale(values: readonly number[], { left, width }: Column): LogScale {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const steps = Array.from({ length: 36 }, (_, step) => {
    return [1, 2, 5][step % 3]! * 10 ** (Math.floor(step / 3) - 3);
  });
  // Bars begin below the least value: a bar without length says nothing.
  const from = steps.findLast((step) => step < least * 0.8) ?? 0.001;
  const to = steps.find((step) => step >= most && step > from) ?? 1e8;
  const scale: Scale = (value) =>
    left + Math.log(Math.max(value, from) / from) / Math.log(to / from) * width;
  const inside = steps.filter((step) => step >= from && step <= to);
  const isWide = inside.length > 7;
  const ticks = inside.filter((step) => !isWide || Number.isInteger(Math.log10(step)));
  return { scale, from, to, ticks };
}

/** A step that gives two to six ticks. */
function niceStep(most: number): number {
  const size = 10 ** Math.floor(Math.log10(most));
  const step = [0.5, 1, 2, 5].find((part) => most / (part * size) <= 4) ?? 5;
  return step * size;
}

interface BarOptions {
  readonly kind: string;
  readonly label: string;
}

function bar(from: number, to: number, y: number, { kind, label }: BarOptions): string[] {
  const width = px(Math.max(1, to - from));
  return [
    `<rect class="${kind}" x="${px(from)}" y="${px(y - 8)}" width="${width}" height="16" rx="2"/>`,
    text(to + 6, y + 4, label, "value"),
  ];
}

function rule(x: number, top: number, bottom: number, label: string): string[] {
  return [
    `<line class="rule" x1="${px(x)}" y1="${top}" x2="${px(x)}" y2="${bottom}"/>`,
    text(x, bottom + 18, label, "faint", "middle"),
  ];
}

function text(x: number, y: number, content: string, kind: string, anchor = "start"): string {
  const place = `x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"`;
  return `<text class="${kind}" ${place}>${escapeText(content)}</text>`;
}

function middle(top: number, row: number): number {
  return top + ROW * row + ROW / 2;
}

function tickLabel(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function px(value: number): string {
  return String(Number(value.toFixed(1)));
}

function escapeText(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
