import type { Config } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { VERSION } from "../core/version.ts";
import { denoTransport } from "../net/deno_transport.ts";
import type { AccessOutput, PreparedTarget } from "./access_output.ts";
import { Generations } from "./generations.ts";
import { Guards } from "./guards.ts";
import { HealthChecks } from "./health.ts";
import { layoutOf, placeBackends, type PlacedConfig } from "./layout.ts";
import type { ToWorker } from "./messages.ts";
import { writeMetrics } from "./metrics_page.ts";
import { refuseDirectories } from "./sandbox.ts";
import { fillSecrets } from "./secrets.ts";
import { SharedState } from "./shared_state.ts";
import { listenerStatus, type ReloadHistory, type Status, upstreamStatus } from "./status.ts";
import type { TraceExport } from "./trace_export.ts";
import { removeStaleSockets } from "./unix_sockets.ts";
import { BEAT_CHECK_MS } from "./worker_slot.ts";

/** What a {@linkcode Supervisor} takes from outside. */
export interface SupervisorOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Writes the access log; absent: nobody does. */
  readonly access?: AccessOutput;
  /** Sends what is traced to the collector; absent: nobody does. */
  readonly traces?: TraceExport;
}

/**
 * The main thread's part: starts the data plane threads, checks backends once for all of them,
 * replaces a thread that dies, and takes all of them to another configuration. It never touches a
 * client's bytes.
 */
export class Supervisor implements Disposable {
  readonly #options: SupervisorOptions;
  readonly #state: SharedState;
  readonly #health: HealthChecks;
  readonly #generations: Generations;
  #guards: Guards | undefined;
  #beatTimer: ReturnType<typeof setInterval> | undefined;
  #ready = false;
  #reloading: Promise<void> = Promise.resolve();

  private constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#state = new SharedState(fillSecrets(options.config), options.random);
    this.#generations = new Generations(this.#state, options.log, options);
    this.#health = this.#startHealthChecks();
  }

  /**
   * Opens every listener in every thread, once first checks have said which backends are well.
   *
   * @throws {ListenError | StartError} with nothing left running
   */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    await refuseDirectories(options.config);
    await removeStaleSockets(options.config);
    const supervisor = new Supervisor(options);
    try {
      await supervisor.#health.ready;
      await supervisor.#generations.current.start();
    } catch (error) {
      supervisor[Symbol.dispose]();
      throw error;
    }
    supervisor.#begin();
    return supervisor;
  }

  /** Every listener is open and no drain has begun. */
  get ready(): boolean {
    return this.#ready;
  }

  /** The configuration in force. */
  get config(): PlacedConfig {
    return this.#generations.current.plan.config;
  }

  status(): Status {
    const { config } = this;
    const { plan: { limits }, table, guards, metrics } = this.#state;
    const tables = {
      table,
      limits: limits.table,
      guards,
      metrics,
      health: this.#health,
      nowMs: limits.now(),
    };
    return {
      version: VERSION,
      ready: this.#ready,
      workers: config.workers,
      workerRestarts: this.#generations.restarts,
      logDropped: this.#generations.logDropped,
      accessLog: this.#options.access?.lost ?? NOTHING_LOST,
      tracing: this.#options.traces?.lost ?? NOTHING_LOST,
      listeners: listenerStatus(config, tables),
      upstreams: upstreamStatus(config, tables),
    };
  }

  /** The same and more, for Prometheus. */
  metrics(reloads: ReloadHistory): string {
    return writeMetrics({
      status: { ...this.status(), reloads },
      table: this.#state.metrics,
      layout: layoutOf(this.config),
      residentBytes: Deno.memoryUsage().rss,
      startTimeMs: performance.timeOrigin,
    });
  }

  /**
   * Puts another configuration in force: wholly, or not at all. One at a time; others wait.
   *
   * @throws {ListenError | StartError | NoRoomError | Error} why not; then everything is as it was
   */
  reload(config: Config): Promise<void> {
    const done = this.#reloading.then(() => this.#reload(fillSecrets(config, this.config)));
    this.#reloading = done.catch(() => {});
    return done;
  }

  /**
   * Readiness goes first, then the listeners, then the connections: those get `shutdownTimeoutMs` to
   * end by themselves and are cut after that.
   */
  async drain(): Promise<void> {
    const { shutdownDelayMs, shutdownTimeoutMs } = this.config;
    this.#ready = false;
    await this.#sleep(shutdownDelayMs);
    await this.#reloading;
    const drained = this.#generations.drain();
    using _cut = this.#options.clock.after(shutdownTimeoutMs, () => this.#cut());
    await drained;
    // A thread may be at its end before the runtime has removed the file of its listener.
    await removeStaleSockets(this.config);
  }

  /** Stops everything at once. */
  [Symbol.dispose](): void {
    this.#ready = false;
    clearInterval(this.#beatTimer);
    this.#health[Symbol.dispose]();
    this.#guards?.[Symbol.dispose]();
    this.#generations[Symbol.dispose]();
  }

  async #reload(config: Config): Promise<void> {
    await refuseDirectories(config);
    const before = this.config;
    const goBack = this.#state.advance(config);
    const health = this.#health.prepare(this.#state.plan.config);
    let access: PreparedTarget | undefined;
    try {
      access = this.#options.access?.prepare(config.accessLog);
      await health.ready;
      await this.#generations.prepare(config);
    } catch (error) {
      health.cancel();
      access?.cancel();
      goBack();
      throw error;
    }
    access?.commit();
    this.#options.traces?.take(config.tracing);
    this.#generations.current.commit();
    health.commit();
    this.#guards?.take(this.config);
    this.#leaveLater(before);
  }

  /** What is under way on backends that are no more may end, but not for ever. */
  #leaveLater(before: PlacedConfig): void {
    const stay = new Set(placeBackends(this.config).map(({ index }) => index));
    const gone = placeBackends(before).map(({ index }) => index).filter((at) => !stay.has(at));
    if (gone.length > 0) {
      this.#options.clock.after(before.shutdownTimeoutMs, () => {
        this.#generations.postFormer({ type: "cut", backends: gone });
      });
    }
    this.#state.reclaim(this.#generations.configs());
  }

  #begin(): void {
    this.#ready = true;
    this.#beatTimer = setInterval(() => this.#checkBeats(), BEAT_CHECK_MS);
    // Not before: while first checks run, all who are still to be checked would make a panic.
    this.#guards = this.#startGuards();
  }

  #startGuards(): Guards {
    const { log, clock, random } = this.#options;
    const { table, guards } = this.#state;
    const post = (message: ToWorker) => this.#post(message);
    return new Guards({ config: this.config, log, clock, random, table, guards, post });
  }

  #startHealthChecks(): HealthChecks {
    const { log, clock, random } = this.#options;
    const { table, plan } = this.#state;
    return new HealthChecks({
      config: plan.config,
      log,
      clock,
      random,
      transport: denoTransport,
      isUp: ({ index }) => table.isUp(index),
      successes: ({ index }) => table.backendTotal(index, "successes"),
      onChange: ({ index }, available) => this.#setHealth(index, available),
      onPass: (backend, check) => this.#guards?.checkPassed(backend, check),
    });
  }

  #setHealth(backend: number, available: boolean): void {
    // The table first: a thread that starts between the two reads it there.
    this.#state.table.setUp(backend, available);
    this.#post({ type: "health", backend, available });
  }

  #post(message: ToWorker): void {
    this.#generations.post(message);
  }

  #checkBeats(): void {
    this.#generations.checkBeats();
  }

  #cut(): void {
    const { table } = this.#state;
    const open = this.config.listeners
      .reduce((sum, _, at) => sum + table.active(this.config.layout!.listeners[at]!), 0);
    this.#options.log.write({
      level: "warning",
      message: "Shutdown timeout: connections are cut",
      fields: { open },
    });
    this.#post({ type: "abort" });
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(delayMs, resolve);
    });
  }
}

const NOTHING_LOST = { dropped: 0, failed: 0 };
