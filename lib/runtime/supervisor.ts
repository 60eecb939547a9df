import type { Config } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { VERSION } from "../core/version.ts";
import { denoTransport } from "../net/deno_transport.ts";
import { Generation } from "./generation.ts";
import { Guards } from "./guards.ts";
import { HealthChecks } from "./health.ts";
import { placeBackends, type PlacedConfig } from "./layout.ts";
import type { ToWorker } from "./messages.ts";
import { refuseDirectories } from "./sandbox.ts";
import { fillSecrets } from "./secrets.ts";
import { MAX_GENERATIONS, SharedState } from "./shared_state.ts";
import { listenerStatus, type Status, upstreamStatus } from "./status.ts";
import { removeStaleSockets } from "./unix_sockets.ts";
import { BEAT_CHECK_MS } from "./worker_slot.ts";

/** What a {@linkcode Supervisor} takes from outside. */
export interface SupervisorOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
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
  /** Others than the present one, while they have connections. The oldest first. */
  readonly #former = new Set<Generation>();
  #generation: Generation;
  #guards: Guards | undefined;
  #beatTimer: ReturnType<typeof setInterval> | undefined;
  #ready = false;
  #reloading: Promise<void> = Promise.resolve();
  /** Restarts of threads of generations that are no more. */
  #pastRestarts = 0;

  private constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#state = new SharedState(fillSecrets(options.config), options.random);
    this.#generation = this.#createGeneration([]);
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
      await supervisor.#generation.start();
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
    return this.#generation.plan.config;
  }

  status(): Status {
    const { config } = this;
    const { plan: { limits }, table, guards } = this.#state;
    return {
      version: VERSION,
      ready: this.#ready,
      workers: config.workers,
      workerRestarts: this.#generations()
        .reduce((sum, { restarts }) => sum + restarts, this.#pastRestarts),
      listeners: listenerStatus(config, table),
      upstreams: upstreamStatus(config, {
        table,
        limits: limits.table,
        guards,
        health: this.#health,
        nowMs: limits.now(),
      }),
    };
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
    const drained = Promise.all(this.#generations().map((generation) => generation.drain()));
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
    for (const generation of this.#generations()) generation[Symbol.dispose]();
  }

  async #reload(config: Config): Promise<void> {
    await refuseDirectories(config);
    const before = this.config;
    const goBack = this.#state.advance(config);
    const health = this.#health.prepare(this.#state.plan.config);
    try {
      await health.ready;
      if (this.#generation.canTake(config)) await this.#generation.prepare(this.#state.plan);
      else await this.#succeed(config);
    } catch (error) {
      health.cancel();
      goBack();
      throw error;
    }
    this.#generation.commit();
    health.commit();
    this.#guards?.take(this.config);
    this.#leaveLater(before);
  }

  /** Starts another generation of threads, and lets the present one come to its end. */
  async #succeed(config: Config): Promise<void> {
    const old = this.#generation;
    const next = this.#createGeneration(this.#generations());
    const hasUnix = config.listeners.some(({ address }) => address.kind === "unix");
    try {
      if (hasUnix) await old.releaseUnix();
      await next.start();
    } catch (error) {
      next[Symbol.dispose]();
      if (hasUnix) await old.resume();
      throw error;
    }
    this.#generation = next;
    this.#former.add(old);
    // Never rejects.
    void this.#retire(old);
    this.#endOldest();
  }

  async #retire(generation: Generation): Promise<void> {
    await generation.drain("retire");
    this.#former.delete(generation);
    this.#pastRestarts += generation.restarts;
    generation[Symbol.dispose]();
  }

  /** There are slots for so many generations, and no more. */
  #endOldest(): void {
    const [oldest] = this.#former;
    if (oldest === undefined || this.#former.size < MAX_GENERATIONS - 1) return;
    this.#options.log.write({
      level: "warning",
      message: "Too many reloads with connections from before them: the oldest are cut",
      fields: { generations: this.#former.size },
    });
    oldest.post({ type: "abort" });
  }

  /** What is under way on backends that are no more may end, but not for ever. */
  #leaveLater(before: PlacedConfig): void {
    const stay = new Set(placeBackends(this.config).map(({ index }) => index));
    const gone = placeBackends(before).map(({ index }) => index).filter((at) => !stay.has(at));
    if (gone.length > 0) {
      this.#options.clock.after(before.shutdownTimeoutMs, () => {
        for (const generation of this.#former) generation.post({ type: "cut", backends: gone });
      });
    }
    this.#state.reclaim(this.#generations().map(({ plan }) => plan.config));
  }

  #generations(): Generation[] {
    return [...this.#former, this.#generation];
  }

  #createGeneration(others: readonly Generation[]): Generation {
    const { plan, table, guards } = this.#state;
    const taken = new Set(others.flatMap(({ slots }) => slots));
    const slots: number[] = [];
    for (let slot = 0; slots.length < plan.config.workers; slot++) {
      if (!taken.has(slot)) slots.push(slot);
    }
    return new Generation({ slots, plan, table, guards, log: this.#options.log });
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
    for (const generation of this.#generations()) generation.post(message);
  }

  #checkBeats(): void {
    for (const generation of this.#generations()) generation.checkBeats();
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
