import type { Config } from "../config/types.ts";
import type { EmitEvent } from "../core/events.ts";
import { sleep } from "../core/clock.ts";
import { inCategory, type LogLevel } from "../core/log.ts";
import type { Prepared } from "../core/prepared.ts";
import { denoTransport } from "../net/deno_transport.ts";
import { CertificateKeeper, loadCertificates } from "./certificate_keeper.ts";
import type { Certificates } from "./certificates.ts";
import type { ReloadKind } from "../admin/change_result.ts";
import type { ExplainQuestion } from "../admin/explain_question.ts";
import { Explainer } from "./explainer.ts";
import type { Explanation } from "./explanation.ts";
import { Generations } from "./generations.ts";
import { Guards } from "./guards.ts";
import { HealthChecks } from "./health.ts";
import { type PlacedBackend, type PlacedConfig, placeListeners, placesLeft } from "./layout.ts";
import type { ToWorker } from "./messages.ts";
import type { BackendChange } from "./overrides.ts";
import { readMetrics, readStatus, type StatusSources } from "./read_status.ts";
import { RunTimeControl } from "./run_time_control.ts";
import { refuseDirectories } from "./sandbox.ts";
import { fillSecrets } from "./secrets.ts";
import { SharedState } from "./shared_state.ts";
import type { ReloadHistory, Status } from "./status.ts";
import type { SupervisorOptions } from "./supervisor_options.ts";
import { removeStaleSockets } from "./unix_sockets.ts";
import { BEAT_CHECK_MS } from "./worker_slot.ts";

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
  readonly #certificates: CertificateKeeper;
  readonly #control: RunTimeControl;
  /** Of the configuration in force, made when somebody asks for the first time. */
  #explainer: Explainer | undefined;
  #guards: Guards | undefined;
  #beatTimer: ReturnType<typeof setInterval> | undefined;
  #ready = false;
  #reloading: Promise<void> = Promise.resolve();
  readonly #emit: EmitEvent = (event) => this.#options.onEvent?.(event);

  private constructor(options: SupervisorOptions, certificates: Certificates) {
    this.#options = options;
    const { clock, log } = options;
    const post = (message: ToWorker) => this.#post(message);
    this.#certificates = new CertificateKeeper({ certificates, clock, log, post });
    const config = fillSecrets(options.config);
    this.#state = new SharedState({ config, certificates, random: options.random });
    this.#control = this.#createControl();
    this.#generations = new Generations({
      ...options,
      state: this.#state,
      changes: (config) => this.#control.under(config),
      emit: this.#emit,
    });
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
    const certificates = await loadCertificates(options.config, options.log);
    const supervisor = new Supervisor(options, certificates);
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
    return readStatus(this.#sources);
  }

  /** The same and more, for Prometheus. */
  metrics(reloads: ReloadHistory): string {
    return readMetrics(this.#sources, reloads);
  }

  /** Changes a backend in all threads: see `Overrides`. False when there is none such. */
  changeBackend(upstream: string, backend: string, change: BackendChange): boolean {
    return this.#control.changeBackend(upstream, backend, change);
  }

  /** Changes the general log level until the configuration says something else. */
  setLogLevel(level: LogLevel): void {
    this.#control.setLogLevel(level);
  }

  /** Says where a request would go now, and why. @throws {RequestError} when it is no question */
  explain(question: ExplainQuestion): Promise<Explanation> {
    const { random, clock } = this.#options;
    const { overrides } = this.#control;
    const tables = { ...this.#state.tables, overrides, now: () => clock.now(), random };
    this.#explainer ??= new Explainer({ config: this.config, ...tables });
    return this.#explainer.explain(question);
  }

  /**
   * Puts another configuration in force: wholly, or not at all. One at a time; others wait.
   *
   * @throws {ListenError | StartError | NoRoomError | Error} why not; then everything is as it was
   */
  reload(config: Config): Promise<ReloadKind> {
    const done = this.#reloading.then(() => this.#reload(fillSecrets(config, this.config)));
    this.#reloading = done.then(() => {}, () => {});
    return done;
  }

  /**
   * Readiness goes first, then the listeners, then the connections: those get `shutdownTimeoutMs` to
   * end by themselves and are cut after that.
   */
  async drain(): Promise<void> {
    const { shutdownDelayMs, shutdownTimeoutMs } = this.config;
    this.#ready = false;
    this.#emit({ type: "draining" });
    await sleep(this.#options.clock, shutdownDelayMs);
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
    this.#certificates[Symbol.dispose]();
    this.#generations[Symbol.dispose]();
  }

  async #reload(config: Config): Promise<ReloadKind> {
    await refuseDirectories(config);
    const { log } = this.#options;
    const certificates = await loadCertificates(config, log, this.#certificates.current);
    const before = this.config;
    const isInPlace = this.#generations.current.canTake(config);
    const goBack = this.#state.advance(config, certificates);
    const health = this.#health.prepare(this.#state.plan.config);
    let access: Prepared | undefined;
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
    this.#control.take(this.#state.plan.config);
    access?.commit();
    this.#options.traces?.take(config.tracing);
    this.#generations.current.commit();
    this.#explainer = undefined;
    health.commit();
    this.#guards?.take(this.config);
    this.#certificates.take(certificates);
    this.#leaveLater(before);
    return isInPlace ? "in_place" : "new_threads";
  }

  get #sources(): StatusSources {
    return {
      config: this.config,
      state: this.#state,
      health: this.#health,
      certificates: this.#certificates.current,
      overrides: this.#control.overrides,
      generations: this.#generations,
      access: this.#options.access,
      traces: this.#options.traces,
      ready: this.#ready,
    };
  }

  /** What is under way on backends that are no more may end, but not for ever. */
  #leaveLater(before: PlacedConfig): void {
    const gone = placesLeft(before, this.config);
    if (gone.length > 0) {
      this.#options.clock.after(before.shutdownTimeoutMs, () => {
        this.#generations.postFormer({ type: "cut", backends: gone });
      });
    }
    this.#state.reclaim(this.#generations.configs());
  }

  #begin(): void {
    this.#ready = true;
    this.#beatTimer = setInterval(() => this.#generations.checkBeats(), BEAT_CHECK_MS);
    // Not before: while first checks run, all who are still to be checked would make a panic.
    this.#guards = this.#startGuards();
    this.#certificates.take(this.#certificates.current);
  }

  #startGuards(): Guards {
    const { log, clock, random } = this.#options;
    const { table, guards } = this.#state;
    const post = (message: ToWorker) => this.#post(message);
    const shareOf = (backend: PlacedBackend) => this.#control.overrides.shareOf(backend);
    const tell = { log: inCategory(log, "health"), post, emit: this.#emit };
    return new Guards({ config: this.config, clock, random, table, guards, shareOf, ...tell });
  }

  #startHealthChecks(): HealthChecks {
    const { log, clock, random } = this.#options;
    const { table, plan } = this.#state;
    return new HealthChecks({
      config: plan.config,
      log: inCategory(log, "health"),
      clock,
      random,
      transport: denoTransport,
      isUp: ({ index }) => table.isUp(index),
      successes: ({ index }) => table.backendTotal(index, "successes"),
      onChange: (backend, available, reason) => this.#setHealth(backend, available, reason),
      onPass: (backend, check) => this.#guards?.checkPassed(backend, check),
    });
  }

  #createControl(): RunTimeControl {
    return new RunTimeControl({
      config: () => this.config,
      logLevel: this.#options.config.log.level,
      log: this.#options.log,
      post: (message) => this.#post(message),
      emit: this.#emit,
      setChecked: (backend, isChecked) =>
        isChecked ? this.#health.resume(backend) : this.#health.pause(backend),
    });
  }

  #setHealth(placed: PlacedBackend, available: boolean, reason: string | undefined): void {
    const { index: backend, spec, upstream } = placed;
    const isNews = this.#state.table.isUp(backend) !== available;
    // The table first: a thread that starts between the two reads it there.
    this.#state.table.setUp(backend, available);
    this.#post({ type: "health", backend, available });
    if (!isNews) return;
    const where = { upstream: upstream.name, backend: spec.id };
    this.#emit({ type: "health", ...where, up: available, ...(reason && { reason }) });
  }

  #post(message: ToWorker): void {
    this.#generations.post(message);
    if ("backend" in message) this.#explainer?.hear(message);
  }

  #cut(): void {
    const { table } = this.#state;
    const open = placeListeners(this.config)
      .reduce((sum, { index }) => sum + table.active(index), 0);
    this.#options.log.write({
      level: "warning",
      message: "Shutdown timeout: connections are cut",
      fields: { open },
    });
    this.#post({ type: "abort" });
  }
}
