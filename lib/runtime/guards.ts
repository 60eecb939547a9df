import type { CircuitChange } from "../breaker/circuit_breaker.ts";
import type { HealthCheckConfig, UpstreamConfig } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import type { EmitEvent } from "../core/events.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { LogFields, Logger, LogLevel } from "../core/log.ts";
import type { SharedTable } from "../core/shared_table.ts";
import type { Ejection } from "../health/outlier.ts";
import { GUARD_TICK_MS, GuardWatch } from "../upstream/guard_watch.ts";
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
  /** A backend's part of the traffic; absent: its configured weight. */
  readonly shareOf?: (backend: PlacedBackend) => number;
  /** Tells whoever watches; absent: nobody does. */
  readonly emit?: EmitEvent;
}

/** One upstream with what watches over it. */
interface Watched {
  readonly config: UpstreamConfig;
  readonly backends: readonly PlacedBackend[];
  readonly watch: GuardWatch;
  isInPanic: boolean;
}

/**
 * The supervisor's part in circuit breakers and outlier detection. The threads open and eject at
 * once, by themselves; here time passes, and what happened is seen and told.
 */
export class Guards implements Disposable {
  readonly #options: GuardsOptions;
  #zone: string | undefined;
  /** By the place of the upstream's cells. */
  #watched: ReadonlyMap<number, Watched> = new Map();
  #timer: Disposable | undefined;

  constructor(options: GuardsOptions) {
    this.#options = options;
    this.take(options.config);
    this.#schedule();
  }

  /** Watches over the backends of a configuration; what is known of those that stay is kept. */
  take(config: PlacedConfig): void {
    const placed = placeBackends(config);
    const before = this.#watched;
    this.#zone = config.zone;
    this.#watched = new Map(
      placeUpstreams(config).map(({ config: upstream, index }) => {
        const backends = placed.filter((backend) => backend.upstream === upstream);
        return [index, this.#watch(upstream, { index, backends, before: before.get(index) })];
      }),
    );
    for (const [index, { watch }] of before) {
      if (!this.#watched.has(index)) watch.take({}, [], this.#options.clock.now());
    }
  }

  /** A check of a backend was passed: what that proves ends its ejection. */
  checkPassed({ index, upstream }: PlacedBackend, { probe, isPlain }: HealthCheckConfig): void {
    // Without TLS it proves nothing of what clients go through.
    if (isPlain && upstream.tls !== undefined) return;
    const watched = [...this.#watched.values()].find(({ config }) => config === upstream);
    const proof = probe.type === "tcp" ? "connection" : "answer";
    const change = watched?.watch.checkPassed(index, proof);
    if (watched !== undefined && change !== undefined) this.#onEjection(watched, change);
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #watch(config: UpstreamConfig, { index, backends, before }: WatchParts): Watched {
    const { guards: table, random, clock } = this.#options;
    const places = backends.map(({ index }) => index);
    const watch = before?.watch ?? new GuardWatch({ table, upstream: index, random }, clock.now());
    watch.take(config, places, clock.now());
    return { config, backends, watch, isInPanic: before?.isInPanic ?? false };
  }

  #schedule(): void {
    this.#timer = this.#options.clock.after(GUARD_TICK_MS, () => this.#tick());
  }

  #tick(): void {
    const nowMs = this.#options.clock.now();
    for (const watched of this.#watched.values()) this.#look(watched, nowMs);
    this.#schedule();
  }

  #look(watched: Watched, nowMs: number): void {
    for (const seen of watched.watch.tick(nowMs)) {
      if (seen.kind === "ejection") this.#onEjection(watched, seen.change);
      else this.#onCircuit(watched, seen.backend, seen.change);
    }
    this.#lookForPanic(watched);
  }

  #onCircuit({ config, backends }: Watched, backend: number, change: CircuitChange): void {
    const spec = backends.find(({ index }) => index === backend)?.spec;
    const where = { upstream: config.name, backend: spec?.id ?? "" };
    const why = change.to === "open" ? { reason: change.reason } : {};
    this.#options.emit?.({ type: "circuit", ...where, circuit: change.to, ...why });
    if (change.to === "open") {
      const { reason, openMs } = change;
      const fields = { ...where, reason, openMs: Math.round(openMs) };
      return this.#tell("warning", "Circuit opened: backend gets no work", fields);
    }
    if (change.to === "half_open") {
      return this.#tell("info", "Circuit half open: backend is tried", where);
    }
    this.#tell("info", "Circuit closed: backend gets work again", where);
    this.#options.post({ type: "warm_up", backend });
  }

  #onEjection({ config, backends }: Watched, change: Ejection): void {
    const spec = backends.find(({ index }) => index === change.backend)?.spec;
    const where = { upstream: config.name, backend: spec?.id ?? "", reason: change.reason };
    this.#options.emit?.({ type: "ejection", ...where, ejected: change.to === "ejected" });
    this.#options.post({ type: "ejection", backend: change.backend });
    if (change.to === "ejected") {
      const fields = { ...where, ejectionMs: change.ejectionMs };
      return this.#tell("warning", "Backend ejected: it is an outlier", fields);
    }
    this.#tell("info", "Backend admitted again after ejection", where);
    this.#options.post({ type: "warm_up", backend: change.backend });
  }

  #lookForPanic(watched: Watched): void {
    const { table, guards, shareOf, emit } = this.#options;
    const { config, backends } = watched;
    const inPanic = isInPanic(config, backends, { zone: this.#zone, table, guards, shareOf });
    if (inPanic === watched.isInPanic) return;
    watched.isInPanic = inPanic;
    emit?.({ type: "panic", upstream: config.name, panic: inPanic });
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
