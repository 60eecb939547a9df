import { CODES } from "./codes.ts";
import { type HistogramLook, lookAt } from "./histogram.ts";
import { ThreadMeters } from "./meters.ts";
import {
  cellsFor,
  type Link,
  LINK_PLACES,
  LISTENER_PLACES,
  MetricBook,
  type MetricPlan,
  type MetricShape,
  UPSTREAM_PLACES,
} from "./metric_layout.ts";
import { REASONS, RETRY_REASONS, type RetryReason } from "./reasons.ts";

/** How often something happened for one value of a label. Those that never happened are left out. */
export type Tally<L extends string = string> = readonly (readonly [label: L, count: number])[];

/** Bytes of a listener's clients. */
export interface Traffic {
  readonly received: number;
  readonly sent: number;
}

/**
 * Counters and histograms for the metrics alone, in one piece of memory that all threads share: a
 * slab of doubles per thread, with one writer each, summed when somebody asks. What the status tells
 * as well is counted in the `SharedTable`.
 *
 * A thread that takes a dead one's place goes on in its slab, so that no counter ever goes down.
 */
export class MetricTable {
  readonly buffer: SharedArrayBuffer;
  readonly workers: number;
  readonly #cells: Float64Array;
  /** Cells of one thread. */
  readonly #slab: number;
  readonly #book: MetricBook;
  #plan: MetricPlan = { listeners: [], upstreams: [], links: [] };
  #listeners: ReadonlyMap<number, number> = new Map();
  #upstreams: ReadonlyMap<number, number> = new Map();
  #linksOf: ReadonlyMap<number, readonly Link[]> = new Map();
  #linksTo: ReadonlyMap<number, readonly Link[]> = new Map();
  #links: ReadonlyMap<string, { at: number; rows: ReadonlyMap<number, number> }> = new Map();

  /** @param workers how many slabs the memory has */
  constructor(buffer: SharedArrayBuffer, workers: number) {
    this.buffer = buffer;
    this.workers = workers;
    this.#cells = new Float64Array(buffer);
    this.#slab = this.#cells.length / workers;
    this.#book = new MetricBook(this.#slab);
  }

  /** @param growth how many times as much as the shape needs there is room for */
  static create(shape: MetricShape, growth = 1): MetricTable {
    const cells = cellsFor(shape) * growth;
    const table = new MetricTable(
      new SharedArrayBuffer(shape.workers * cells * 8),
      shape.workers,
    );
    table.assign(shape);
    return table;
  }

  /** What is counted for, and where. */
  get plan(): MetricPlan {
    return this.#plan;
  }

  get links(): readonly Link[] {
    return this.#plan.links;
  }

  /** Counts for another shape; what is in both keeps its counts. False when there is no room. */
  assign(shape: MetricShape): boolean {
    const plan = this.#book.assign(shape);
    if (plan === undefined) return false;
    this.#plan = plan;
    this.#listeners = new Map(plan.listeners.map(({ place, at }) => [place, at]));
    this.#upstreams = new Map(plan.upstreams.map(({ place, at }) => [place, at]));
    this.#linksOf = Map.groupBy(plan.links, ({ listener }) => listener);
    this.#linksTo = Map.groupBy(plan.links, ({ upstream }) => upstream);
    this.#links = new Map(plan.links.map(({ listener, upstream, at, rows }) => {
      const places = new Map(rows.map(({ place, at }) => [place, at]));
      return [`${listener}:${upstream}`, { at, rows: places }];
    }));
    return true;
  }

  /** Sets all that was counted for a place to zero, for another to have it. */
  clear(kind: "listeners" | "upstreams" | "backends", place: number): void {
    for (const { at, length } of this.#book.cellsOf(kind, place)) {
      for (let from = at; from < this.#cells.length; from += this.#slab) {
        this.#cells.fill(0, from, from + length);
      }
    }
  }

  /** What a thread counts with. */
  metersOf(worker: number): ThreadMeters {
    const from = worker * this.#slab;
    const meters = new ThreadMeters(this.#cells.subarray(from, from + this.#slab));
    meters.take(this.#plan);
    return meters;
  }

  /** Whom a listener sends work to. */
  linksOf(listener: number): readonly Link[] {
    return this.#linksOf.get(listener) ?? [];
  }

  /** Who sends work to an upstream. */
  linksTo(upstream: number): readonly Link[] {
    return this.#linksTo.get(upstream) ?? [];
  }

  traffic(listener: number): Traffic {
    const at = this.#listenerAt(listener);
    return {
      received: this.#total(at + LISTENER_PLACES.received),
      sent: this.#total(at + LISTENER_PLACES.sent),
    };
  }

  /** Work turned away by a listener, by word. */
  rejected(listener: number): Tally {
    return this.#tally(this.#listenerAt(listener) + LISTENER_PLACES.reasons, REASONS);
  }

  /** Answers by status to a listener's requests that were for no upstream. */
  ownAnswers(listener: number): Tally {
    return this.#tally(this.#listenerAt(listener) + LISTENER_PLACES.codes, CODES);
  }

  /** How long it took to connect to backends of an upstream. */
  connects(upstream: number): HistogramLook {
    return this.#look(this.#upstreamAt(upstream) + UPSTREAM_PLACES.connect);
  }

  /** How long work waited for a backend of an upstream. */
  waits(upstream: number): HistogramLook {
    return this.#look(this.#upstreamAt(upstream) + UPSTREAM_PLACES.wait);
  }

  /** How long a listener's requests took that were for an upstream. */
  durations(listener: number, upstream: number): HistogramLook {
    return this.#look(this.#link(listener, upstream) + LINK_PLACES.duration);
  }

  /** A listener's retries on an upstream, by reason. */
  retries(listener: number, upstream: number): Tally<RetryReason> {
    return this.#tally(this.#link(listener, upstream) + LINK_PLACES.retries, RETRY_REASONS);
  }

  /** Retries of a listener that were paid for or used up an attempt. */
  paidRetries(listener: number): number {
    let sum = 0;
    for (const { upstream } of this.linksOf(listener)) {
      for (const [reason, count] of this.retries(listener, upstream)) {
        if (reason !== "stale") sum += count;
      }
    }
    return sum;
  }

  /**
   * Answers by status to a listener's requests that were for an upstream.
   *
   * @param backend place of the one that answered; absent: those of Weir's own
   */
  answers(listener: number, upstream: number, backend?: number): Tally {
    const { at, rows } = this.#find(listener, upstream);
    if (backend === undefined) return this.#tally(at + LINK_PLACES.codes, CODES);
    const row = rows.get(backend);
    return row === undefined ? [] : this.#tally(row, CODES);
  }

  #listenerAt(listener: number): number {
    const at = this.#listeners.get(listener);
    if (at === undefined) throw new RangeError(`Cannot read listener ${listener}: not counted`);
    return at;
  }

  #upstreamAt(upstream: number): number {
    const at = this.#upstreams.get(upstream);
    if (at === undefined) throw new RangeError(`Cannot read upstream ${upstream}: not counted`);
    return at;
  }

  #link(listener: number, upstream: number): number {
    return this.#find(listener, upstream).at;
  }

  #find(listener: number, upstream: number) {
    const link = this.#links.get(`${listener}:${upstream}`);
    if (link === undefined) throw new RangeError(`Cannot read upstream ${upstream}: no link`);
    return link;
  }

  #tally<L extends string>(at: number, labels: readonly L[]): Tally<L> {
    const found: (readonly [L, number])[] = [];
    for (let place = 0; place < labels.length; place++) {
      const count = this.#total(at + place);
      if (count > 0) found.push([labels[place]!, count]);
    }
    return found;
  }

  #look(at: number): HistogramLook {
    return lookAt(at, (cell) => this.#total(cell));
  }

  #total(cell: number): number {
    let total = 0;
    for (let at = cell; at < this.#cells.length; at += this.#slab) total += this.#cells[at]!;
    return total;
  }
}
