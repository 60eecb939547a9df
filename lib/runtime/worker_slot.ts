import type { Config } from "../config/types.ts";
import type { Logger } from "../core/log.ts";
import type { SharedTable } from "../core/shared_table.ts";
import { RingQueue } from "../ds/ring_queue.ts";
import { ListenError } from "./data_plane.ts";
import { LOG_RING_BYTES, RingReader } from "./log_ring.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { sandboxPermissions } from "./sandbox.ts";
import { removeStaleSockets } from "./unix_sockets.ts";

/** What a {@linkcode WorkerSlot} works with. */
export interface WorkerSlotOptions {
  readonly slot: number;
  readonly config: Config;
  readonly table: SharedTable;
  readonly log: Logger;
}

/** One place for a data plane thread; a thread that dies there is replaced by a new one. */
export class WorkerSlot implements Disposable {
  readonly #options: WorkerSlotOptions;
  readonly #ring = RingQueue.create(LOG_RING_BYTES);
  readonly #reader: RingReader;
  #worker: Worker | undefined;
  #started = Promise.withResolvers<void>();
  readonly #drained = Promise.withResolvers<void>();
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #restartDelayMs = 0;
  /** When the thread last said it was ready; `undefined` until the first time. */
  #readyAtMs: number | undefined;
  #beats = 0;
  #missedBeats = 0;
  #restarts = 0;
  #ending = false;

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
    this.#reader = new RingReader(this.#ring, options.log);
    // Ends when this slot is disposed.
    void this.#reader.run();
  }

  /** Threads that had to be replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Starts the thread; resolves once its listeners are open. @throws {ListenError} */
  start(): Promise<void> {
    this.#spawn();
    return this.#started.promise;
  }

  post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  /** Has the thread close its listeners; resolves once its last connection has ended. */
  drain(): Promise<void> {
    this.#ending = true;
    clearTimeout(this.#restartTimer);
    if (this.#worker === undefined) this.#drained.resolve();
    this.post({ type: "drain" });
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
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#reader.flush();
    this.#reader[Symbol.dispose]();
    this.#drained.resolve();
  }

  #spawn(): void {
    const { slot, config, table } = this.#options;
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: `weir-${slot}`,
      deno: { permissions: sandboxPermissions(config) },
    });
    this.#worker = worker;
    this.#missedBeats = 0;
    worker.onmessage = (event: MessageEvent<FromWorker>) => this.#onMessage(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#worker === worker) this.#onDeath(event.message);
    };
    this.post({
      type: "start",
      config,
      worker: slot,
      shape: table.shape,
      table: table.buffer,
      logRing: this.#ring.buffer,
    });
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        this.#readyAtMs = performance.now();
        return this.#started.resolve();
      case "listen_failed":
        return this.#onListenFailed(message.listener, message.reason);
      case "drained":
        return this.#drained.resolve();
    }
  }

  #onListenFailed(listener: string, reason: string): void {
    this.#started.reject(new ListenError(listener, reason));
    if (this.#readyAtMs !== undefined) {
      this.#onDeath(`cannot open listener "${listener}" again: ${reason}`);
    }
  }

  /** What the thread held is given back, and another takes its place, ever later if it dies again. */
  #onDeath(reason: string): void {
    const { slot, table, log } = this.#options;
    this.#worker?.terminate();
    this.#worker = undefined;
    table.forgetWorker(slot);
    if (this.#ending) return this.#drained.resolve();
    if (this.#readyAtMs === undefined) {
      return this.#started.reject(new Error(`Cannot start worker ${slot}: ${reason}`));
    }
    if (performance.now() - this.#readyAtMs > STABLE_AFTER_MS) this.#restartDelayMs = 0;
    this.#restarts++;
    log.write({
      level: "error",
      message: "Worker died and is replaced",
      fields: { worker: slot, reason, restarts: this.#restarts, delayMs: this.#restartDelayMs },
    });
    this.#restartTimer = setTimeout(() => void this.#respawn(), this.#restartDelayMs);
    this.#restartDelayMs = Math.min(MAX_RESTART_DELAY_MS, this.#restartDelayMs * 2 + 100);
  }

  async #respawn(): Promise<void> {
    // A thread that died has not removed the socket files of its listeners.
    if (this.#options.slot === 0) await removeStaleSockets(this.#options.config);
    if (!this.#ending) this.#spawn();
  }
}

/** With a look every {@linkcode BEAT_CHECK_MS}: ten seconds of silence are a death. */
const MAX_MISSED_BEATS = 2;
/** How often {@linkcode WorkerSlot.checkBeat} wants to be called. Milliseconds. */
export const BEAT_CHECK_MS = 5000;
const MAX_RESTART_DELAY_MS = 5000;
/** A thread that lived this long did not die of how it was started. */
const STABLE_AFTER_MS = 10_000;
