import type { Address } from "../core/address.ts";
import type { Clock } from "../core/clock.ts";
import { LbError, messageOf } from "../core/errors.ts";
import type { FailureDetector } from "./failure_detector.ts";
import type { Probe } from "./probe_tcp.ts";

/** What to check, and how often. */
export interface Check {
  readonly address: Address;
  readonly probe: Probe;
  readonly detector: FailureDetector;
  /** From the end of one check to the start of the next, before jitter. Milliseconds. */
  readonly intervalMs: number;
  /** A check that takes longer has failed. Milliseconds. */
  readonly timeoutMs: number;
}

/** A server's state changed. */
export interface HealthChange {
  readonly available: boolean;
  /** Why the last check failed; absent when it passed. */
  readonly reason?: string;
}

/** What a {@linkcode HealthChecker} takes from outside. */
export interface HealthCheckerOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Checks under way at once, over all servers; the others wait their turn. @default {64} */
  readonly maxConcurrent?: number;
}

/**
 * Probes servers on a jittered interval and tells of changes.
 *
 * The first check of each runs at once. A server never has two checks under way: the interval
 * begins when a check has ended. A check cut short by `dispose` counts neither way.
 */
export class HealthChecker implements Disposable {
  readonly #options: HealthCheckerOptions;
  readonly #watches = new Set<Watch>();
  readonly #waiting: Watch[] = [];
  #running = 0;

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
  }

  /** Checks a server until disposed; `onChange` hears of each change from the state "up". */
  watch(check: Check, onChange: (change: HealthChange) => void): Disposable {
    const watch: Watch = { check, onChange, stop: new AbortController(), timer: undefined };
    this.#watches.add(watch);
    this.#enqueue(watch);
    return { [Symbol.dispose]: () => this.#end(watch) };
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) this.#end(watch);
  }

  #end(watch: Watch): void {
    this.#watches.delete(watch);
    watch.timer?.[Symbol.dispose]();
    watch.stop.abort();
  }

  #enqueue(watch: Watch): void {
    this.#waiting.push(watch);
    this.#startWaiting();
  }

  #startWaiting(): void {
    while (this.#running < (this.#options.maxConcurrent ?? DEFAULT_MAX_CONCURRENT)) {
      const watch = this.#waiting.shift();
      if (watch === undefined) return;
      if (!this.#watches.has(watch)) continue;
      this.#running++;
      // Never rejects: a failed check is a result.
      void this.#run(watch);
    }
  }

  async #run(watch: Watch): Promise<void> {
    const result = await this.#probe(watch);
    this.#running--;
    if (this.#watches.has(watch)) {
      if (result !== undefined) this.#report(watch, result);
      const delayMs = watch.check.intervalMs * (1 + JITTER * (2 * this.#options.random() - 1));
      watch.timer = this.#options.clock.after(delayMs, () => this.#enqueue(watch));
    }
    this.#startWaiting();
  }

  /** How the check ended, or `undefined` when it could not even be made. */
  async #probe(watch: Watch): Promise<Result | undefined> {
    const { probe, address, timeoutMs } = watch.check;
    const deadline = new AbortController();
    const giveUp = () => deadline.abort();
    watch.stop.signal.addEventListener("abort", giveUp);
    using _timer = this.#options.clock.after(timeoutMs, giveUp);
    try {
      await probe(address, deadline.signal);
      // It passed, but after its time: opening a Unix socket, for one, cannot be broken off.
      return deadline.signal.aborted ? { reason: "no answer in time" } : { reason: undefined };
    } catch (thrown) {
      // Weir out of sockets must not take every backend down.
      if (thrown instanceof LbError && thrown.side === "internal") return undefined;
      return { reason: messageOf(thrown) };
    } finally {
      watch.stop.signal.removeEventListener("abort", giveUp);
    }
  }

  #report(watch: Watch, { reason }: Result): void {
    const { detector } = watch.check;
    const before = detector.isAvailable;
    detector.observe(reason === undefined);
    const available = detector.isAvailable;
    if (available === before) return;
    watch.onChange(reason === undefined ? { available } : { available, reason });
  }
}

/** How a check ended: with the reason why it failed, or with none when it passed. */
interface Result {
  readonly reason: string | undefined;
}

interface Watch {
  readonly check: Check;
  readonly onChange: (change: HealthChange) => void;
  readonly stop: AbortController;
  timer: Disposable | undefined;
}

const DEFAULT_MAX_CONCURRENT = 64;
/** Share of the interval by which checks are spread to either side. */
const JITTER = 0.1;
