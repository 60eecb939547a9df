import { BUCKET_BOUNDS, type HistogramLook } from "./histogram.ts";

/** Content type of what an {@linkcode Exposition} writes. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What a metric is. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
}

/** Writes metrics in the text format of Prometheus, version 0.0.4. */
export class Exposition {
  #text = "";
  #name = "";

  /** Begins a metric; what follows belongs to it until the next one begins. */
  begin({ name, help, type }: Family): this {
    this.#name = name;
    this.#text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
    return this;
  }

  /** @param labels as {@linkcode formatLabels} makes them; may be empty */
  sample(labels: string, value: number): this {
    this.#line(this.#name, labels, value);
    return this;
  }

  histogram(labels: string, { cumulative, count, sum }: HistogramLook): this {
    const name = this.#name;
    const before = labels === "" ? "" : `${labels},`;
    for (let place = 0; place < BOUND_LABELS.length; place++) {
      this.#line(`${name}_bucket`, before + BOUND_LABELS[place], cumulative[place] ?? count);
    }
    this.#line(`${name}_sum`, labels, sum);
    this.#line(`${name}_count`, labels, count);
    return this;
  }

  /** The whole page. */
  toString(): string {
    return this.#text;
  }

  #line(name: string, labels: string, value: number): void {
    // It would say nothing, and spoil every sum that it goes into.
    if (!Number.isFinite(value)) return;
    this.#text += labels === "" ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
  }
}

/** `upstream="app",backend="10.0.0.1:80"`, ready to go between braces. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`).join(",");
}

const BOUND_LABELS = [...BUCKET_BOUNDS, "+Inf"].map((bound) => `le="${bound}"`);

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => character === "\n" ? "\\n" : "\\\\");
}

function escapeValue(text: string): string {
  return text.replace(/[\\\n"]/g, (character) => character === "\n" ? "\\n" : `\\${character}`);
}
