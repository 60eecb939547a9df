import type { Config } from "../config/types.ts";
import { RingQueue } from "../ds/ring_queue.ts";
import { ListenError } from "./listen_error.ts";
import { ACCESS_RING_BYTES, TRACE_RING_BYTES } from "./access_reader.ts";
import { LOG_RING_BYTES, RingReader } from "./log_ring.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { wallOffset } from "./shared_clock.ts";
import { HopReservation } from "./hop_ports.ts";
import { planMessage, type RunPlan } from "./run_plan.ts";
import { startThread } from "./start_thread.ts";
import { removeStaleSockets } from "./unix_sockets.ts";
import type { WorkerSlotOptions } from "./worker_slot_options.ts";

/** One place for a data plane thread; a thread that dies there is replaced by a new one. */
export class WorkerSlot implements Disposable {
  readonly #options: WorkerSlotOptions;
  readonly #hops: HopReservation;
  #plan: RunPlan;
  #next: RunPlan | undefined;
  /** Waits for the thread's answer to what it was told last. */
  #answer: PromiseWithResolvers<void> | undefined;
  #reader: RingReader | undefined;
  /** What reads the access log and the traces. */
  #sinks: DisposableStack | undefined;
  #worker: Worker | undefined;
  #started = Promise.withResolvers<void>();
  readonly #drained = Promise.withResolvers<void>();
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #restartDelayMs = 0;
  /** A thread has been ready in this slot. */
  #everReady = false;
  /** When the present thread said it was ready. */
  #readyAtMs: number | undefined;
  #beats = 0;
  #missedBeats = 0;
  #restarts = 0;
  /** Log records dropped by the threads before this one. */
  #droppedBefore = 0;
  #ending = false;

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
    this.#plan = options.plan;
    this.#hops = new HopReservation(options.plan.config);
  }

  /** Threads that had to be replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Log records that were lost because a thread wrote faster than they could be read. */
  get logDropped(): number {
    return this.#droppedBefore + (this.#reader?.dropped ?? 0);
  }

  /** Whether the thread may end TLS wherever a configuration wants it to. */
  hasHopsFor(config: Config): boolean {
    return this.#hops.isEnoughFor(config);
  }

  /** Starts the thread; resolves once its listeners are open. @throws {ListenError | StartError} */
  async start(): Promise<void> {
    this.#spawn();
    await this.#started.promise;
  }

  post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  /**
   * Has the thread get ready for another configuration. One that is being replaced is ready: the one
   * that takes its place starts with what is committed by then.
   *
   * @throws {ListenError | Error} why it cannot
   */
  async prepare(plan: RunPlan): Promise<void> {
    this.#next = plan;
    await this.#ask({ type: "prepare", plan: planMessage(plan) });
  }

  /** Puts in force what was prepared, and what operators want by now. */
  commit(): void {
    this.#plan = this.#next ?? this.#plan;
    this.#next = undefined;
    this.post({ type: "commit", ...this.#options.changes(this.#plan.config) });
  }

  /** Gives up what was prepared. */
  cancel(): void {
    this.#next = undefined;
    this.post({ type: "cancel" });
  }

  /** Has the thread close its listeners on Unix sockets. */
  async releaseUnix(): Promise<void> {
    await this.#ask({ type: "release_unix" });
  }

  /** Has the thread close its listeners; resolves once its last connection has ended. */
  drain(how: "drain" | "retire" = "drain"): Promise<void> {
    this.#ending = true;
    clearTimeout(this.#restartTimer);
    if (this.#worker === undefined) this.#drained.resolve();
    this.post({ type: how });
    return this.#drained.promise;
  }

  /** To be called now and then: replaces the thread when its event loop has stopped turning. */
  checkBeat(): void {
    const beats = this.#options.table.beats(this.#options.slot);
    this.#missedBeats = beats === this.#beats ? this.#missedBeats + 1 : 0;
    this.#beats = beats;
    if (this.#worker !== undefined && this.#missedBeats >= MAX_MISSED_BEATS) {
      this.#onDeath("its event loop does not turn");
    }
  }

  [Symbol.dispose](): void {
    this.#ending = true;
    clearTimeout(this.#restartTimer);
    this.#end();
    this.#forget();
    this.#hops[Symbol.dispose]();
    this.#drained.resolve();
  }

  #spawn(): void {
    const { slot, opensUnix, table, guards, metrics, log, changes } = this.#options;
    const worker = startThread(slot, this.#plan.config, this.#hops.ports);
    // A ring of its own: the thread before may still have been writing into the last one.
    const ring = RingQueue.create(LOG_RING_BYTES);
    const accessRing = RingQueue.create(ACCESS_RING_BYTES);
    this.#worker = worker;
    const traceRing = RingQueue.create(TRACE_RING_BYTES);
    this.#sinks = new DisposableStack();
    this.#sinks.use(this.#options.access?.read(accessRing));
    this.#sinks.use(this.#options.traces?.read(traceRing));
    this.#readyAtMs = undefined;
    this.#missedBeats = 0;
    this.#reader = new RingReader(ring, log);
    // Ends when the reader is disposed.
    void this.#reader.run();
    worker.onmessage = (event: MessageEvent<FromWorker>) => {
      if (this.#worker === worker) this.#onMessage(event.data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#worker === worker) this.#onDeath(event.message);
    };
    this.post({
      type: "start",
      plan: planMessage(this.#plan),
      worker: slot,
      opensUnix,
      shape: table.shape,
      table: table.buffer,
      guards: guards.buffer,
      metrics: metrics.buffer,
      logRing: ring.buffer,
      hopPorts: this.#hops.ports,
      ...changes(this.#plan.config),
      accessRing: accessRing.buffer,
      traceRing: traceRing.buffer,
      wallOffsetMs: wallOffset(),
    });
    // The one before had been told, and would be told to commit.
    if (this.#next !== undefined) this.post({ type: "prepare", plan: planMessage(this.#next) });
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#reader?.flush();
    this.#droppedBefore += this.#reader?.dropped ?? 0;
    this.#reader?.[Symbol.dispose]();
    this.#reader = undefined;
    this.#sinks?.[Symbol.dispose]();
    this.#sinks = undefined;
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        this.#everReady = true;
        this.#readyAtMs = performance.now();
        return this.#started.resolve();
      case "prepared":
      case "released":
        return this.#answer?.resolve();
      case "refused":
        return this.#answer?.reject(refusal(message));
      case "listen_failed":
        return this.#onListenFailed(message.listener, message.reason);
      case "drained":
        return this.#drained.resolve();
    }
  }

  #onListenFailed(listener: string, reason: string): void {
    this.#started.reject(new ListenError(listener, reason));
    if (this.#everReady) {
      this.#onDeath(`cannot open listener "${listener}" again: ${reason}`);
    }
  }

  /** What the thread held is given back, and another takes its place, ever later if it dies again. */
  #onDeath(reason: string): void {
    const { slot, log, emit } = this.#options;
    this.#end();
    this.#answer?.resolve();
    this.#forget();
    if (this.#ending) return this.#drained.resolve();
    if (!this.#everReady) {
      return this.#started.reject(new Error(`Cannot start worker ${slot}: ${reason}`));
    }
    if (this.#wasStable()) this.#restartDelayMs = 0;
    this.#restarts++;
    emit({ type: "worker_restart", worker: slot, reason, restarts: this.#restarts });
    log.write({
      level: "error",
      message: "Worker died and is replaced",
      fields: { worker: slot, reason, restarts: this.#restarts, delayMs: this.#restartDelayMs },
    });
    this.#restartTimer = setTimeout(() => void this.#respawn(), this.#restartDelayMs);
    this.#restartDelayMs = Math.min(MAX_RESTART_DELAY_MS, this.#restartDelayMs * 2 + 100);
  }

  /** What the thread held belongs to nobody any more. */
  #forget(): void {
    const { slot, table, guards } = this.#options;
    table.forgetWorker(slot);
    this.#plan.limits.forgetWorker(slot);
    guards.forgetWorker(slot);
  }

  #wasStable(): boolean {
    return this.#readyAtMs !== undefined && performance.now() - this.#readyAtMs > STABLE_AFTER_MS;
  }

  async #ask(message: ToWorker): Promise<void> {
    if (this.#worker === undefined) return;
    const answer = Promise.withResolvers<void>();
    this.#answer = answer;
    const late = () => answer.reject(new Error(`worker ${this.#options.slot} does not answer`));
    const timer = setTimeout(late, ANSWER_MS);
    this.post(message);
    try {
      await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#answer = undefined;
    }
  }

  async #respawn(): Promise<void> {
    // A thread that died has not removed the socket files of its listeners.
    if (this.#options.opensUnix) await removeStaleSockets(this.#plan.config);
    if (!this.#ending) this.#spawn();
  }
}

function refusal({ listener, reason }: { listener?: string; reason: string }): Error {
  return listener === undefined ? new Error(reason) : new ListenError(listener, reason);
}

/** With a look every {@linkcode BEAT_CHECK_MS}: ten seconds of silence are a death. */
const MAX_MISSED_BEATS = 2;
/** How often {@linkcode WorkerSlot.checkBeat} wants to be called. Milliseconds. */
export const BEAT_CHECK_MS = 5000;
/** A thread that says nothing for this long has something else to do: nothing is changed then. */
const ANSWER_MS = 10_000;
const MAX_RESTART_DELAY_MS = 5000;
/** A thread that lived this long did not die of how it was started. */
const STABLE_AFTER_MS = 10_000;
