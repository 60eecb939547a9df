import { CircuitBreaker, type CircuitChange } from "../breaker/circuit_breaker.ts";
import type { HealthCheckConfig, UpstreamConfig } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import { isSame } from "../core/same.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { LogFields, Logger, LogLevel } from "../core/log.ts";
import type { SharedTable } from "../core/shared_table.ts";
import { type Ejection, OutlierDetector } from "../health/outlier.ts";
import { placeBackends, type PlacedBackend, type PlacedConfig, placeUpstreams } from "./layout.ts";
import type { ToWorker } from "./messages.ts";
import { isInPanic } from "./panic.ts";

/** What {@linkcode Guards} take from outside. */
export interface GuardsOptions {
  readonly config: PlacedConfig;
  readonly table: SharedTable;
  readonly guards: GuardTable;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Tells all threads. */
  readonly post: (message: ToWorker) => void;
}

/** One backend's circuit. */
type Watch = readonly [PlacedBackend, CircuitBreaker];

/** One upstream with what watches over it. */
interface Watched {
  readonly index: number;
  readonly config: UpstreamConfig;
  readonly backends: readonly PlacedBackend[];
  readonly circuits: readonly Watch[];
  readonly outliers: OutlierDetector | undefined;
  isInPanic: boolean;
}

/**
 * The supervisor's part in circuit breakers and outlier detection. The threads open and eject at
 * once, by themselves; here time passes, and what happened is seen and told.
 */
export class Guards implements Disposable {
  readonly #options: GuardsOptions;
  #zone: string | undefined;
  #watched: readonly Watched[] = [];
  #timer: Disposable | undefined;
  #tickedAtMs: number;

  constructor(options: GuardsOptions) {
    this.#options = options;
    this.#tickedAtMs = options.clock.now();
    this.take(options.config);
    this.#schedule();
  }

  /** Watches over the backends of a configuration; what is known of those that stay is kept. */
  take(config: PlacedConfig): void {
    const placed = placeBackends(config);
    const before = new Map(this.#watched.map((watched) => [watched.index, watched]));
    this.#zone = config.zone;
    this.#watched = placeUpstreams(config).map(({ config: upstream, index }) => {
      const backends = placed.filter((backend) => backend.upstream === upstream);
      return this.#watch(upstream, { index, backends, before: before.get(index) });
    });
    const now = new Map(this.#watched.map((watched) => [watched.index, watched]));
    for (const old of before.values()) this.#release(old, now.get(old.index));
  }

  /** A check of a backend was passed: what that proves ends its ejection. */
  checkPassed({ index, upstream }: PlacedBackend, { probe }: HealthCheckConfig): void {
    const watched = this.#watched.find(({ config }) => config === upstream);
    const proof = probe.type === "tcp" ? "connection" : "answer";
    const change = watched?.outliers?.checkPassed(index, proof);
    if (watched !== undefined && change !== undefined) this.#onEjection(watched, change);
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #watch(config: UpstreamConfig, { index, backends, before }: WatchParts): Watched {
    return {
      index,
      config,
      backends,
      circuits: this.#watchCircuits(config, backends, before),
      outliers: this.#watchOutliers(config, { index, backends, before }),
      isInPanic: before?.isInPanic ?? false,
    };
  }

  #watchCircuits(
    { circuitBreaker: policy }: UpstreamConfig,
    backends: readonly PlacedBackend[],
    before: Watched | undefined,
  ): Watch[] {
    if (policy === undefined) return [];
    const { guards: table, random } = this.#options;
    const known = isSame(before?.config.circuitBreaker, policy) ? before?.circuits ?? [] : [];
    const circuits = new Map(known.map(([{ index }, circuit]) => [index, circuit]));
    return backends.map((backend) => {
      const { index } = backend;
      const create = () => new CircuitBreaker({ policy, table, backend: index, random });
      return [backend, circuits.get(index) ?? create()] as const;
    });
  }

  #watchOutliers(
    { outlierDetection: policy }: UpstreamConfig,
    { index: upstream, backends, before }: WatchParts,
  ): OutlierDetector | undefined {
    if (policy === undefined) return undefined;
    const { guards: table, clock } = this.#options;
    const places = backends.map(({ index }) => index);
    if (before?.outliers === undefined || !isSame(before.config.outlierDetection, policy)) {
      return new OutlierDetector({ policy, table, upstream, backends: places }, clock.now());
    }
    before.outliers.watch(places);
    return before.outliers;
  }

  /** Backends that nobody watches over any more, in one way or the other, are held off by nobody. */
  #release(old: Watched, now: Watched | undefined): void {
    const stay = new Set(now?.backends.map(({ index }) => index));
    const isUnguarded = (old.circuits.length > 0 && now?.config.circuitBreaker === undefined) ||
      (old.outliers !== undefined && now?.outliers === undefined);
    for (const { index } of old.backends) {
      if (isUnguarded || !stay.has(index)) release(this.#options.guards, index, old.index);
    }
  }

  #schedule(): void {
    this.#timer = this.#options.clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    const nowMs = this.#options.clock.now();
    const pausedMs = nowMs - this.#tickedAtMs - TICK_MS;
    this.#tickedAtMs = nowMs;
    for (const watched of this.#watched) {
      if (pausedMs > STALL_MS) excuse(watched, pausedMs, nowMs);
      this.#look(watched, nowMs);
    }
    this.#schedule();
  }

  #look(watched: Watched, nowMs: number): void {
    for (const [backend, circuit] of watched.circuits) {
      const change = circuit.tick(nowMs);
      if (change !== undefined) this.#onCircuit(backend, change);
    }
    for (const change of watched.outliers?.tick(nowMs) ?? []) this.#onEjection(watched, change);
    this.#lookForPanic(watched);
  }

  #onCircuit(backend: PlacedBackend, change: CircuitChange): void {
    const where = { upstream: backend.upstream.name, backend: backend.spec.id };
    if (change.to === "open") {
      const { reason, openMs } = change;
      const fields = { ...where, reason, openMs: Math.round(openMs) };
      return this.#tell("warning", "Circuit opened: backend gets no work", fields);
    }
    if (change.to === "half_open") {
      return this.#tell("info", "Circuit half open: backend is tried", where);
    }
    this.#tell("info", "Circuit closed: backend gets work again", where);
    this.#options.post({ type: "warm_up", backend: backend.index });
  }

  #onEjection({ config, backends }: Watched, change: Ejection): void {
    const spec = backends.find(({ index }) => index === change.backend)?.spec;
    const where = { upstream: config.name, backend: spec?.id, reason: change.reason };
    this.#options.post({ type: "ejection", backend: change.backend });
    if (change.to === "ejected") {
      const fields = { ...where, ejectionMs: change.ejectionMs };
      return this.#tell("warning", "Backend ejected: it is an outlier", fields);
    }
    this.#tell("info", "Backend admitted again after ejection", where);
    this.#options.post({ type: "warm_up", backend: change.backend });
  }

  #lookForPanic(watched: Watched): void {
    const { table, guards } = this.#options;
    const { config, backends } = watched;
    const inPanic = isInPanic(config, backends, { zone: this.#zone, table, guards });
    if (inPanic === watched.isInPanic) return;
    watched.isInPanic = inPanic;
    const fields = { upstream: config.name, threshold: config.panicThreshold };
    if (inPanic) this.#tell("warning", "Panic: too few backends are well, all are tried", fields);
    else this.#tell("info", "Panic is over: enough backends are well", fields);
  }

  #tell(level: LogLevel, message: string, fields: LogFields): void {
    this.#options.log.write({ level, message, fields });
  }
}

/** What an upstream is watched by. */
interface WatchParts {
  /** Place of the upstream's cells. */
  readonly index: number;
  readonly backends: readonly PlacedBackend[];
  /** The upstream at that place in the configuration before. */
  readonly before: Watched | undefined;
}

/** Nothing holds the backend off any more, whatever did: there is nobody left to end it. */
function release(guards: GuardTable, backend: number, upstream: number): void {
  guards.halfOpen(backend);
  guards.close(backend, guards.era(backend));
  guards.admit(backend, upstream);
}

function excuse(watched: Watched, pausedMs: number, nowMs: number): void {
  for (const [, circuit] of watched.circuits) circuit.excuse(pausedMs, nowMs);
  watched.outliers?.excuse(pausedMs, nowMs);
}

/** What the threads do at once is seen this much later at most; milliseconds. */
const TICK_MS = 100;
/** A tick that comes this late means that the process stood still; milliseconds. */
const STALL_MS = 1000;
