import { Chart, type Line } from "./chart.ts";
import { keyOf } from "./counters.ts";
import { byId, element } from "./dom.ts";
import { formatMs, formatNumber, formatShare } from "./format.ts";
import type { Column } from "./history.ts";
import type { Model } from "./model.ts";
import { SHOWN_SHARES, stack, Track } from "./shares.ts";

interface LineOf extends Line {
  readonly column: Column;
}

const TRAFFIC: readonly LineOf[] = [
  { label: "Requests/s", colour: "--series-1", column: "requests" },
  { label: "Connections/s", colour: "--series-2", column: "connections" },
];
const LATENCY: readonly LineOf[] = [
  { label: "p50", colour: "--series-1", column: "p50" },
  { label: "p95", colour: "--series-3", column: "p95" },
  { label: "p99", colour: "--series-4", column: "p99" },
];
const TROUBLE: readonly LineOf[] = [
  { label: "Errors/s", colour: "--series-4", column: "errors" },
  { label: "Failed attempts/s", colour: "--series-3", column: "failedAttempts" },
  { label: "Retries/s", colour: "--series-1", column: "retries" },
  { label: "Over a limit/s", colour: "--series-5", column: "limited" },
];
const LOAD: readonly LineOf[] = [
  { label: "In flight", colour: "--series-1", column: "inFlight" },
  { label: "Waiting", colour: "--series-4", column: "queued" },
];

/** The charts of the page. */
export interface Charts {
  readonly show: (model: Model) => void;
  readonly recolour: () => void;
}

/** Makes the charts. */
export function startCharts(): Charts {
  const place = byId("charts", HTMLElement);
  const plain = [
    [new Chart(place, { title: "Traffic", lines: TRAFFIC, format: formatNumber }), TRAFFIC],
    [new Chart(place, { title: "Latency", lines: LATENCY, format: formatMs }), LATENCY],
    [
      new Chart(place, { title: "Errors and retries", lines: TROUBLE, format: formatNumber }),
      TROUBLE,
    ],
    [new Chart(place, { title: "Load", lines: LOAD, format: formatNumber }), LOAD],
  ] as const;
  const shares = new ShareChart(place);
  return {
    show: (model) => {
      const { history } = model;
      for (const [chart, lines] of plain) {
        const values = lines.map(({ column }) => history.column(column));
        chart.show({ times: history.times, values });
      }
      shares.show(model);
    },
    recolour: () => {
      for (const [chart] of plain) chart.recolour();
      shares.recolour();
    },
  };
}

/** Who got which part of the traffic. */
class ShareChart {
  readonly #choice = element("select", { attributes: { "aria-label": "Upstream" } });
  readonly #chart: Chart;
  #model: Model | undefined;

  constructor(place: HTMLElement) {
    const lines = Array.from({ length: SHOWN_SHARES }, (_, at) => {
      return { label: "", colour: `--series-${at + 1}` };
    });
    this.#chart = new Chart(place, {
      title: "Share of traffic",
      controls: [this.#choice],
      lines: [...lines, { label: "others", colour: "--series-rest" }].reverse(),
      format: formatShare,
      axisFormat: (part) => `${Math.round(part * 100)} %`,
      isStacked: true,
    });
    this.#choice.addEventListener("change", () => {
      if (this.#model !== undefined) this.show(this.#model);
    });
  }

  show(model: Model): void {
    this.#model = model;
    this.#offer((model.status?.upstreams ?? []).map(({ name }) => name));
    const upstream = this.#choice.value;
    const colours = model.coloursOf(upstream);
    const tracks = colours.map((key) => key === undefined ? undefined : model.workOf(key));
    const total = model.totals.get(upstream) ?? new Track();
    const heights = stack(tracks.flatMap((track) => track ?? []), total, model.places);
    // What the layers leave is the others'. The highest is drawn first, and covered by those below.
    const rest = model.places.map((place) => total.at(place) > 0 ? 1 : null);
    const hasRest = countOf(model, upstream) > colours.filter((key) => key !== undefined).length;
    const layers = tracks.map((track) => track === undefined ? undefined : heights.shift());
    this.#chart.rename([...colours.map((key) => labelOf(key, upstream)), "others"].reverse());
    this.#chart.show({
      times: model.history.times,
      values: [...layers, hasRest ? rest : undefined].reverse(),
    });
  }

  recolour(): void {
    this.#chart.recolour();
  }

  #offer(names: readonly string[]): void {
    const wanted = ["", ...names];
    const there = [...this.#choice.options].map(({ value }) => value);
    if (wanted.length === there.length && wanted.every((name, at) => name === there[at])) return;
    const { value } = this.#choice;
    this.#choice.replaceChildren(...wanted.map((name) => {
      return element("option", { text: name || "all upstreams", attributes: { value: name } });
    }));
    this.#choice.value = wanted.includes(value) ? value : "";
  }
}

function countOf({ status }: Model, upstream: string): number {
  const all = (status?.upstreams ?? []).filter(({ name }) => upstream === "" || name === upstream);
  return all.reduce((sum, { backends }) => sum + backends.length, 0);
}

function labelOf(key: string | undefined, upstream: string): string {
  if (key === undefined) return "";
  return upstream === "" ? key.replace("\n", "/") : key.slice(keyOf(upstream, "").length);
}
