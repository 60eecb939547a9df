import { CircuitBreaker, type CircuitChange } from "../breaker/circuit_breaker.ts";
import type { Config, HealthCheckConfig, UpstreamConfig } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { LogFields, Logger, LogLevel } from "../core/log.ts";
import type { SharedTable } from "../core/shared_table.ts";
import { type Ejection, OutlierDetector } from "../health/outlier.ts";
import { placeBackends, type PlacedBackend } from "./layout.ts";
import type { ToWorker } from "./messages.ts";
import { isInPanic } from "./panic.ts";

/** What {@linkcode Guards} take from outside. */
export interface GuardsOptions {
  readonly config: Config;
  readonly table: SharedTable;
  readonly guards: GuardTable;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Tells all threads. */
  readonly post: (message: ToWorker) => void;
}

/** One upstream with what watches over it. */
interface Watched {
  readonly index: number;
  readonly config: UpstreamConfig;
  readonly backends: readonly PlacedBackend[];
  readonly circuits: readonly (readonly [PlacedBackend, CircuitBreaker])[];
  readonly outliers: OutlierDetector | undefined;
  isInPanic: boolean;
}

/**
 * The supervisor's part in circuit breakers and outlier detection. The threads open and eject at
 * once, by themselves; here time passes, and what happened is seen and told.
 */
export class Guards implements Disposable {
  readonly #options: GuardsOptions;
  readonly #watched: readonly Watched[];
  #timer: Disposable | undefined;
  #tickedAtMs: number;

  constructor(options: GuardsOptions) {
    this.#options = options;
    this.#tickedAtMs = options.clock.now();
    const placed = placeBackends(options.config);
    this.#watched = options.config.upstreams.map((config, index) => {
      return this.#watch(config, index, placed.filter(({ upstream }) => upstream === config));
    });
    this.#schedule();
  }

  /** A check of a backend was passed: what that proves ends its ejection. */
  checkPassed({ index, upstream }: PlacedBackend, { probe, isPlain }: HealthCheckConfig): void {
    // Without TLS it proves nothing of what clients go through.
    if (isPlain && upstream.tls !== undefined) return;
    const watched = this.#watched.find(({ config }) => config === upstream);
    const proof = probe.type === "tcp" ? "connection" : "answer";
    const change = watched?.outliers?.checkPassed(index, proof);
    if (watched !== undefined && change !== undefined) this.#onEjection(watched, change);
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #watch(config: UpstreamConfig, index: number, backends: readonly PlacedBackend[]): Watched {
    const { guards: table, random, clock } = this.#options;
    const { circuitBreaker, outlierDetection } = config;
    const places = backends.map(({ index }) => index);
    return {
      index,
      config,
      backends,
      circuits: circuitBreaker === undefined ? [] : backends.map((backend) => {
        const policy = circuitBreaker;
        return [
          backend,
          new CircuitBreaker({ policy, table, backend: backend.index, random }),
        ] as const;
      }),
      outliers: outlierDetection && new OutlierDetector(
        { policy: outlierDetection, table, upstream: index, backends: places },
        clock.now(),
      ),
      isInPanic: false,
    };
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
    const { config: { zone }, table, guards } = this.#options;
    const { config, backends } = watched;
    const inPanic = isInPanic(config, backends, { zone, table, guards });
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

function excuse(watched: Watched, pausedMs: number, nowMs: number): void {
  for (const [, circuit] of watched.circuits) circuit.excuse(pausedMs, nowMs);
  watched.outliers?.excuse(pausedMs, nowMs);
}

/** What the threads do at once is seen this much later at most; milliseconds. */
const TICK_MS = 100;
/** A tick that comes this late means that the process stood still; milliseconds. */
const STALL_MS = 1000;
