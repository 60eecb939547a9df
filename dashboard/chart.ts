import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { element, setText } from "./dom.ts";
import { formatClock } from "./format.ts";
import { colourOf } from "./theme.ts";

/** One line, or one layer, of a chart. */
export interface Line {
  readonly label: string;
  /** Variable of the style sheet, such as `--series-1`. */
  readonly colour: string;
}

/** What a chart is made from. */
export interface ChartOptions {
  readonly title: string;
  /** What stands beside the title. */
  readonly controls?: readonly HTMLElement[];
  readonly lines: readonly Line[];
  readonly format: (value: number | undefined) => string;
  /** The same for the axis; absent: `format`. */
  readonly axisFormat?: (value: number) => string;
  /** Layers of shares that fill the chart, the highest first: each covers what is below it. */
  readonly isStacked?: boolean;
}

/** What a chart draws; `undefined` hides a line. */
export interface ChartData {
  readonly times: readonly number[];
  readonly values: readonly ((number | null)[] | undefined)[];
}

type Values = (number | null)[];

const HEIGHT = 152;
/** A chart of less time than this would be all steps. */
const SHORTEST_SPAN_S = 60;
const TIME_STEPS_S = [1, 5, 10, 15, 30, 60, 120, 180, 300];
const FONT = "11px system-ui, sans-serif";
/** Wide enough for `999 MiB`. */
const AXIS_WIDTH = 56;

/** A chart over time with a legend that tells the values: those of the cursor, or the latest. */
export class Chart {
  readonly #options: ChartOptions;
  readonly #canvas = element("div", { class: "plot", attributes: { role: "img" } });
  readonly #legend = element("ul", { class: "legend" });
  readonly #items: readonly LegendItem[];
  #plot: uPlot | undefined;
  #data: ChartData = { times: [], values: [] };

  constructor(place: HTMLElement, options: ChartOptions) {
    this.#options = options;
    this.#items = options.lines.map((line, place) => legendItem(line, place));
    const items = this.#items.map(({ item }) => item);
    // The lowest layer is the one that matters most.
    this.#legend.append(...options.isStacked ? items.toReversed() : items);
    const title = element("h2", { text: options.title });
    const bar = element("figcaption", { class: "bar" }, title, ...options.controls ?? []);
    const figure = element("figure", { class: "card chart" }, bar, this.#canvas, this.#legend);
    this.#canvas.setAttribute("aria-label", `${options.title}: the last values are below`);
    place.append(figure);
    new ResizeObserver(() => this.#resize()).observe(this.#canvas);
  }

  /** The names of lines that change. */
  rename(labels: readonly string[]): void {
    for (const [at, { name }] of this.#items.entries()) setText(name, labels[at] ?? "");
  }

  show(data: ChartData): void {
    this.#data = data;
    this.#draw();
    this.#tell();
  }

  /** Draws in the colours of the theme in force. */
  recolour(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#draw();
  }

  #draw(): void {
    const { times, values } = this.#data;
    if (times.length === 0 || this.#canvas.clientWidth === 0) return;
    this.#plot ??= this.#create();
    for (const [at, line] of values.entries()) {
      const isShown = line !== undefined;
      if (this.#plot.series[at + 1]?.show !== isShown) {
        this.#plot.setSeries(at + 1, { show: isShown });
      }
    }
    const empty: Values = times.map(() => null);
    this.#plot.setData([[...times], ...values.map((line) => line ?? empty)]);
  }

  #tell(): void {
    const at = this.#plot?.cursor.idx ?? this.#data.times.length - 1;
    for (const [place, { item, value }] of this.#items.entries()) {
      const line = this.#data.values[place];
      item.hidden = line === undefined;
      setText(value, this.#options.format(this.#valueAt(place, at)));
    }
  }

  #valueAt(place: number, at: number): number | undefined {
    const { values } = this.#data;
    const value = values[place]?.[at] ?? undefined;
    if (value === undefined || this.#options.isStacked !== true) return value;
    // The highest comes first, and covers what is below it down to zero.
    const below = values.slice(place + 1).find((line) => line !== undefined);
    return value - (below?.[at] ?? 0);
  }

  #resize(): void {
    if (this.#plot === undefined) return this.#draw();
    const width = this.#canvas.clientWidth;
    if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  #create(): uPlot {
    const { lines, isStacked, format, axisFormat = format } = this.#options;
    const axis = { stroke: colourOf("--muted"), font: FONT };
    const grid = { stroke: colourOf("--grid"), width: 1 };
    const values = (_: uPlot, splits: readonly number[]) => splits.map(axisFormat);
    const options: uPlot.Options = {
      width: this.#canvas.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { sync: { key: "weir" }, drag: { x: false, y: false }, points: { show: false } },
      scales: { x: { range: spanOf }, y: { range: isStacked ? () => [0, 1] : heightOf } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          ticks: { show: false },
          values: clocks,
          incrs: TIME_STEPS_S,
          space: 60,
          size: 28,
        },
        { ...axis, grid, ticks: { show: false }, values, size: AXIS_WIDTH, space: 26 },
      ],
      series: [{}, ...lines.map((line) => this.#series(line))],
      hooks: { setCursor: [() => this.#tell()] },
    };
    const empty: uPlot.AlignedData = [[], ...lines.map(() => [])];
    return new uPlot(options, empty, this.#canvas);
  }

  #series({ colour }: Line): uPlot.Series {
    const stroke = colourOf(colour);
    const common = { points: { show: false }, spanGaps: false };
    if (this.#options.isStacked !== true) return { ...common, stroke, width: 1.5 };
    return { ...common, stroke: colourOf("--surface"), width: 1, fill: stroke };
  }
}

interface LegendItem {
  readonly item: HTMLElement;
  readonly name: HTMLElement;
  readonly value: HTMLElement;
}

function legendItem({ label, colour }: Line, place: number): LegendItem {
  const swatch = element("span", { class: "swatch" });
  // Set through the object model, which a Content-Security-Policy does not forbid.
  swatch.style.background = `var(${colour})`;
  const name = element("span", { class: "label", text: label });
  const value = element("span", { class: "value" });
  const attributes = { "data-place": String(place) };
  return { item: element("li", { attributes }, swatch, name, value), name, value };
}

function spanOf(_: uPlot, first: number, last: number): uPlot.Range.MinMax {
  return [Math.min(first, last - SHORTEST_SPAN_S), last];
}

function clocks(
  _: uPlot,
  splits: readonly number[],
  _axis: number,
  _space: number,
  stepS: number,
): string[] {
  return splits.map((seconds) => formatClock(seconds).slice(0, stepS % 60 === 0 ? 5 : 8));
}

/** From zero, with room above, so that a flat line is no wall. */
function heightOf(_: uPlot, _lowest: number, highest: number): uPlot.Range.MinMax {
  return [0, highest > 0 ? highest * 1.1 : 1];
}
