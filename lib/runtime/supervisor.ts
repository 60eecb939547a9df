import type { Config } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { GuardTable } from "../core/guard_table.ts";
import { SharedTable } from "../core/shared_table.ts";
import { VERSION } from "../core/version.ts";
import { denoTransport } from "../net/deno_transport.ts";
import { systemEnvironment } from "../config/files.ts";
import { CertificateUpkeep } from "./certificate_upkeep.ts";
import { Certificates } from "./certificates.ts";
import { Guards } from "./guards.ts";
import { HealthChecks, isUpAtFirst } from "./health.ts";
import { placeBackends, shapeOf } from "./layout.ts";
import type { ToWorker } from "./messages.ts";
import { createRateBuffers } from "./rate_limits.ts";
import { refuseDirectories } from "./sandbox.ts";
import { fillSecrets } from "./secrets.ts";
import { SharedLimits, sharedNowMs } from "./shared_limits.ts";
import { listenerStatus, type Status, upstreamStatus } from "./status.ts";
import { removeStaleSockets } from "./unix_sockets.ts";
import { BEAT_CHECK_MS, WorkerSlot } from "./worker_slot.ts";

/** What a {@linkcode Supervisor} takes from outside. */
export interface SupervisorOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * The main thread's part: starts the data plane threads, checks backends once for all of them, and
 * replaces a thread that dies. It never touches a client's bytes.
 */
export class Supervisor implements Disposable {
  readonly #options: SupervisorOptions;
  readonly #table: SharedTable;
  readonly #limits: SharedLimits;
  readonly #guardTable: GuardTable;
  readonly #slots: readonly WorkerSlot[];
  readonly #health: HealthChecks;
  readonly #certificates: Certificates;
  #upkeep: CertificateUpkeep | undefined;
  #guards: Guards | undefined;
  #beatTimer: ReturnType<typeof setInterval> | undefined;
  #ready = false;

  private constructor(options: SupervisorOptions, certificates: Certificates) {
    const config = fillSecrets(options.config);
    this.#options = { ...options, config };
    const { log } = options;
    const table = SharedTable.create(shapeOf(config));
    for (const backend of placeBackends(config)) table.setUp(backend.index, isUpAtFirst(backend));
    const guards = GuardTable.create(shapeOf(config));
    // Somewhere in the rotation: many instances that start together must not march in step.
    for (const index of config.upstreams.keys()) table.setTurn(index, options.random() * 2 ** 32);
    const limits = SharedLimits.create(config, options.random);
    this.#table = table;
    this.#limits = limits;
    this.#guardTable = guards;
    const rates = createRateBuffers(config);
    this.#certificates = certificates;
    const shared = { config, table, limits, guards, log, rates };
    this.#slots = Array.from(
      { length: config.workers },
      (_, slot) =>
        new WorkerSlot({ ...shared, slot, certificates: () => certificates.byListener() }),
    );
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
    const { config, log } = options;
    const { files } = systemEnvironment();
    const certificates = await Certificates.load({ config, files, log, wallMs: Date.now });
    const supervisor = new Supervisor(options, certificates);
    try {
      await supervisor.#health.ready;
      await Promise.all(supervisor.#slots.map((slot) => slot.start()));
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

  status(): Status {
    const { config } = this.#options;
    return {
      version: VERSION,
      ready: this.#ready,
      workers: config.workers,
      certificates: this.#certificates.status(),
      workerRestarts: this.#slots.reduce((sum, slot) => sum + slot.restarts, 0),
      listeners: listenerStatus(config, this.#table),
      upstreams: upstreamStatus(config, {
        table: this.#table,
        limits: this.#limits.table,
        guards: this.#guardTable,
        health: this.#health,
        nowMs: sharedNowMs(),
      }),
    };
  }

  /** Reads the certificates again. Never rejects. */
  async reloadCertificates(): Promise<void> {
    await this.#upkeep?.refresh();
  }

  /**
   * Readiness goes first, then the listeners, then the connections: those get `shutdownTimeoutMs` to
   * end by themselves and are cut after that.
   */
  async drain(): Promise<void> {
    const { shutdownDelayMs, shutdownTimeoutMs } = this.#options.config;
    this.#ready = false;
    await this.#sleep(shutdownDelayMs);
    const drained = Promise.all(this.#slots.map((slot) => slot.drain()));
    using _cut = this.#options.clock.after(shutdownTimeoutMs, () => this.#cut());
    await drained;
    // A thread may be at its end before the runtime has removed the file of its listener.
    await removeStaleSockets(this.#options.config);
  }

  /** Stops everything at once. */
  [Symbol.dispose](): void {
    this.#ready = false;
    clearInterval(this.#beatTimer);
    this.#health[Symbol.dispose]();
    this.#guards?.[Symbol.dispose]();
    this.#upkeep?.[Symbol.dispose]();
    for (const slot of this.#slots) slot[Symbol.dispose]();
  }

  #begin(): void {
    this.#ready = true;
    this.#beatTimer = setInterval(() => this.#checkBeats(), BEAT_CHECK_MS);
    // Not before: while first checks run, all who are still to be checked would make a panic.
    this.#guards = this.#startGuards();
    const { clock, log } = this.#options;
    const post = (message: ToWorker) => this.#post(message);
    this.#upkeep = new CertificateUpkeep({ certificates: this.#certificates, clock, log, post });
  }

  #startGuards(): Guards {
    const { config, log, clock, random } = this.#options;
    return new Guards({
      config,
      log,
      clock,
      random,
      table: this.#table,
      guards: this.#guardTable,
      post: (message) => this.#post(message),
    });
  }

  #startHealthChecks(): HealthChecks {
    const { config, log, clock, random } = this.#options;
    return new HealthChecks({
      config,
      log,
      clock,
      random,
      transport: denoTransport,
      isUp: ({ index }) => this.#table.isUp(index),
      successes: ({ index }) => this.#table.backendTotal(index, "successes"),
      onChange: ({ index }, available) => this.#setHealth(index, available),
      onPass: (backend, check) => this.#guards?.checkPassed(backend, check),
    });
  }

  #setHealth(backend: number, available: boolean): void {
    // The table first: a thread that starts between the two reads it there.
    this.#table.setUp(backend, available);
    this.#post({ type: "health", backend, available });
  }

  #post(message: ToWorker): void {
    for (const slot of this.#slots) slot.post(message);
  }

  #checkBeats(): void {
    for (const slot of this.#slots) slot.checkBeat();
  }

  #cut(): void {
    const open = this.#options.config.listeners
      .reduce((sum, _, index) => sum + this.#table.active(index), 0);
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
