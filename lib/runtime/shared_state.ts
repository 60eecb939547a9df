import type { Config } from "../config/types.ts";
import { GuardTable } from "../core/guard_table.ts";
import { SharedTable, type TableShape } from "../core/shared_table.ts";
import type { ListenerCertificates } from "./fronts.ts";
import { isUpAtFirst } from "./health.ts";
import { MetricTable } from "../metrics/metric_table.ts";
import { metricShapeOf, placeBackends, type PlacedConfig, placeUpstreams } from "./layout.ts";
import { PlaceBook } from "./place_book.ts";
import { type SharedRates, shareRates } from "./rate_limits.ts";
import { SharedLimits } from "./shared_limits.ts";
import type { RunPlan } from "./run_plan.ts";

/** There is no room in shared memory for what a configuration has in it. */
export class NoRoomError extends Error {
  override readonly name = "NoRoomError";
}

/** Where the certificates of a configuration are. */
export interface CertificateSource {
  byListener(): ListenerCertificates;
}

/** What {@linkcode SharedState} is made of. */
export interface SharedStateOptions {
  readonly config: Config;
  readonly certificates: CertificateSource;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What the supervisor shares with all threads, from one configuration to the next. */
export class SharedState {
  readonly table: SharedTable;
  readonly guards: GuardTable;
  readonly metrics: MetricTable;
  readonly #book: PlaceBook;
  readonly #random: () => number;
  #certificates: CertificateSource;
  #config: PlacedConfig;
  #limits: SharedLimits;
  #rates: SharedRates;

  constructor({ config, certificates, random }: SharedStateOptions) {
    const shape = roomFor(config);
    this.#random = random;
    this.#certificates = certificates;
    this.#book = new PlaceBook(shape);
    this.table = SharedTable.create(shape);
    this.guards = GuardTable.create(shape);
    this.#config = { ...config, layout: this.#book.assign(config)! };
    this.metrics = MetricTable.create(metricShapeOf(this.#config), METRIC_GROWTH);
    this.#limits = SharedLimits.create(this.#config, random);
    this.#rates = shareRates(config);
    this.#settle(this.#config);
  }

  /** Of the configuration in force, or being put in force. */
  get plan(): RunPlan {
    const metricPlan = this.metrics.plan;
    const certificates = this.#certificates;
    return {
      config: this.#config,
      limits: this.#limits,
      rates: this.#rates.buffers,
      metricPlan,
      certificates: () => certificates.byListener(),
    };
  }

  /** What decides where work goes, as of now. */
  get tables() {
    return { table: this.table, limits: this.#limits.table, guards: this.guards };
  }

  /**
   * Makes room for another configuration. What is in both keeps its place.
   *
   * @returns what takes it back
   * @throws {NoRoomError} with nothing changed
   */
  advance(config: Config, certificates: CertificateSource): () => void {
    const before = {
      config: this.#config,
      limits: this.#limits,
      rates: this.#rates,
      certificates: this.#certificates,
    };
    const layout = this.#book.assign(config);
    if (layout === undefined || !this.metrics.assign(metricShapeOf({ ...config, layout }))) {
      this.#book.assign(before.config);
      const { backends, upstreams, listeners } = this.#book.shape;
      throw new NoRoomError(
        `more than was made room for at the start (${listeners} listeners, ${upstreams} upstreams, ` +
          `${backends} backends): restart Weir with this configuration`,
      );
    }
    this.#config = { ...config, layout };
    this.#limits = this.#limits.next(before.config, this.#config, this.#random);
    this.#rates = shareRates(config, this.#rates);
    this.#certificates = certificates;
    this.#settle(this.#config, before.config);
    return () => {
      this.#book.assign(before.config);
      this.metrics.assign(metricShapeOf(before.config));
      this.#config = before.config;
      this.#limits = before.limits;
      this.#rates = before.rates;
      this.#certificates = before.certificates;
    };
  }

  /** Makes places free that nobody uses any more, and that no configuration in `alive` names. */
  reclaim(alive: readonly PlacedConfig[]): void {
    const used = new Set(alive.flatMap(placeBackends).map(({ index }) => index));
    const namedUpstreams = new Set(alive.flatMap(placeUpstreams).map(({ index }) => index));
    this.#book.reclaim(({ kind, place }) => {
      if (kind === "backends") return !used.has(place) && this.#clearBackend(place);
      if (kind === "upstreams") return !namedUpstreams.has(place) && this.#clearUpstream(place);
      return this.table.active(place) === 0 && this.#clearListener(place);
    });
  }

  /** What is new begins as if Weir had just started. */
  #settle(config: PlacedConfig, before?: PlacedConfig): void {
    const known = new Set(before === undefined ? [] : placeBackends(before).map((b) => b.index));
    for (const backend of placeBackends(config)) {
      if (!known.has(backend.index)) this.table.setUp(backend.index, isUpAtFirst(backend));
    }
    const turning = new Set(before === undefined ? [] : placeUpstreams(before).map((u) => u.index));
    for (const { index } of placeUpstreams(config)) {
      // Somewhere in the rotation: many instances that start together must not march in step.
      if (!turning.has(index)) this.table.setTurn(index, this.#random() * 2 ** 32);
    }
  }

  #clearBackend(place: number): boolean {
    if (this.table.inFlight(place) > 0 || this.table.openToBackend(place) > 0) return false;
    this.table.clearBackend(place);
    this.guards.clear(place);
    this.metrics.clear("backends", place);
    return true;
  }

  #clearUpstream(place: number): boolean {
    this.metrics.clear("upstreams", place);
    return true;
  }

  #clearListener(place: number): boolean {
    this.table.clearListener(place);
    this.metrics.clear("listeners", place);
    return true;
  }
}

/**
 * Room for what may come: memory that is not written to costs nothing but addresses. Threads have
 * slots for several generations.
 */
function roomFor(config: Config): TableShape {
  const backends = config.upstreams.reduce((sum, upstream) => sum + upstream.backends.length, 0);
  return {
    workers: MAX_GENERATIONS * Math.max(MIN_WORKERS, config.workers),
    backends: Math.max(1024, 4 * backends),
    upstreams: Math.max(256, 4 * config.upstreams.length),
    listeners: Math.max(64, 4 * config.listeners.length),
  };
}

/** Generations of threads at once, the one in force among them. */
export const MAX_GENERATIONS = 8;
const MIN_WORKERS = 4;
/** Room for so many times what the first configuration counts. */
const METRIC_GROWTH = 8;
