import type { Config } from "../config/types.ts";
import type { Logger } from "../core/log.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { SharedTable } from "../core/shared_table.ts";
import { RingQueue } from "../ds/ring_queue.ts";
import { ListenError } from "./listen_error.ts";
import { LOG_RING_BYTES, RingReader } from "./log_ring.ts";
import type { ListenerCertificates } from "./fronts.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { wallOffset } from "./shared_clock.ts";
import { type HopPorts, HopReservation } from "./hop_ports.ts";
import { sandboxPermissions, StartError } from "./sandbox.ts";
import type { SharedLimits } from "./shared_limits.ts";
import { removeStaleSockets } from "./unix_sockets.ts";

/** What a {@linkcode WorkerSlot} works with. */
export interface WorkerSlotOptions {
  readonly slot: number;
  readonly config: Config;
  readonly table: SharedTable;
  readonly limits: SharedLimits;
  readonly guards: GuardTable;
  readonly log: Logger;
  /** Buckets of the rate limits, for all threads. */
  readonly rates?: readonly SharedArrayBuffer[];
  /** Those of now: a thread that takes another's place begins with them. */
  readonly certificates?: () => ListenerCertificates;
}

/** One place for a data plane thread; a thread that dies there is replaced by a new one. */
export class WorkerSlot implements Disposable {
  readonly #options: WorkerSlotOptions;
  readonly #hops: HopReservation;
  #reader: RingReader | undefined;
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
  #ending = false;

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
    this.#hops = new HopReservation(options.config);
  }

  /** Threads that had to be replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Starts the thread; resolves once its listeners are open. @throws {ListenError | StartError} */
  async start(): Promise<void> {
    this.#spawn();
    await this.#started.promise;
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
    this.#end();
    this.#hops[Symbol.dispose]();
    this.#drained.resolve();
  }

  #spawn(): void {
    const { slot, config, table, limits, guards, log, rates = [] } = this.#options;
    const worker = startThread(slot, config, this.#hops.ports);
    // A ring of its own: the thread before may still have been writing into the last one.
    const ring = RingQueue.create(LOG_RING_BYTES);
    this.#worker = worker;
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
      config,
      worker: slot,
      shape: table.shape,
      table: table.buffer,
      limits: limits.buffers,
      guards: guards.buffer,
      logRing: ring.buffer,
      rates,
      certificates: this.#options.certificates?.() ?? [],
      hopPorts: this.#hops.ports,
      wallOffsetMs: wallOffset(),
    });
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#reader?.flush();
    this.#reader?.[Symbol.dispose]();
    this.#reader = undefined;
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        this.#everReady = true;
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
    if (this.#everReady) {
      this.#onDeath(`cannot open listener "${listener}" again: ${reason}`);
    }
  }

  /** What the thread held is given back, and another takes its place, ever later if it dies again. */
  #onDeath(reason: string): void {
    const { slot, table, limits, guards, log } = this.#options;
    this.#end();
    table.forgetWorker(slot);
    limits.forgetWorker(slot);
    guards.forgetWorker(slot);
    if (this.#ending) return this.#drained.resolve();
    if (!this.#everReady) {
      return this.#started.reject(new Error(`Cannot start worker ${slot}: ${reason}`));
    }
    if (this.#wasStable()) this.#restartDelayMs = 0;
    this.#restarts++;
    log.write({
      level: "error",
      message: "Worker died and is replaced",
      fields: { worker: slot, reason, restarts: this.#restarts, delayMs: this.#restartDelayMs },
    });
    this.#restartTimer = setTimeout(() => void this.#respawn(), this.#restartDelayMs);
    this.#restartDelayMs = Math.min(MAX_RESTART_DELAY_MS, this.#restartDelayMs * 2 + 100);
  }

  #wasStable(): boolean {
    return this.#readyAtMs !== undefined && performance.now() - this.#readyAtMs > STABLE_AFTER_MS;
  }

  async #respawn(): Promise<void> {
    // A thread that died has not removed the socket files of its listeners.
    if (this.#options.slot === 0) await removeStaleSockets(this.#options.config);
    if (!this.#ending) this.#spawn();
  }
}

/** @throws {StartError} when the process may not do itself what the thread is to do */
function startThread(slot: number, config: Config, hopPorts: HopPorts): Worker {
  try {
    return new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: `weir-${slot}`,
      deno: { permissions: sandboxPermissions(config, hopPorts) },
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new StartError(
      "cannot start the data plane: Deno was started with fewer permissions than the configuration " +
        "needs: `weir check --permissions` prints them",
    );
  }
}

/** With a look every {@linkcode BEAT_CHECK_MS}: ten seconds of silence are a death. */
const MAX_MISSED_BEATS = 2;
/** How often {@linkcode WorkerSlot.checkBeat} wants to be called. Milliseconds. */
export const BEAT_CHECK_MS = 5000;
const MAX_RESTART_DELAY_MS = 5000;
/** A thread that lived this long did not die of how it was started. */
const STABLE_AFTER_MS = 10_000;
