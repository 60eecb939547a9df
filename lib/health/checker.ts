import type { Clock } from "../core/clock.ts";
import { LbError, messageOf } from "../core/errors.ts";
import type { RunningTime } from "./running_time.ts";
import { type Check, type HealthChange, type HealthReport, type Result, Watch } from "./watch.ts";

/** What a {@linkcode HealthChecker} takes from outside. */
export interface HealthCheckerOptions {
  readonly clock: Clock;
  /** What detectors go by, and what tells whether the process stood still. */
  readonly running: RunningTime;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Checks under way at once, over all servers; the others wait their turn. @default {64} */
  readonly maxConcurrent?: number;
}

/** A server being watched, until disposed. */
export interface Watching extends Disposable {
  /** Work that clients gave it went well. */
  heard(): void;
  report(): HealthReport;
}

/**
 * Probes servers on a jittered interval and tells of changes.
 *
 * The first check of each runs at once, the second after a part of the interval that differs from
 * server to server, so that from then on checks are spread over the whole interval. A server never
 * has two checks under way: the interval begins when a check has ended. A check cut short by
 * `dispose` counts neither way, nor does one that failed while the process stood still.
 */
export class HealthChecker implements Disposable {
  readonly #options: HealthCheckerOptions;
  readonly #watches = new Set<Watch>();
  readonly #waiting: Watch[] = [];
  #running = 0;
  #watched = 0;

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
  }

  /** Checks a server until disposed; `onChange` hears of its first state and of each change. */
  watch(check: Check, onChange: (change: HealthChange) => void): Watching {
    const { clock, running } = this.#options;
    const watch = new Watch(check, onChange, phaseOf(this.#watched++));
    this.#watches.add(watch);
    this.#enqueue(watch);
    return {
      heard: () => watch.heard(running.now()),
      report: () => watch.report(running.now(), clock.now()),
      [Symbol.dispose]: () => this.#end(watch),
    };
  }

  /** Has detectors look at how long servers have been silent; to be called now and then. */
  evaluate(): void {
    const nowMs = this.#options.running.now();
    for (const watch of this.#watches) watch.evaluate(nowMs);
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
    const { clock, running, random } = this.#options;
    const startMs = clock.now();
    const lostBeforeMs = running.lostMs;
    const verdict = await this.#probe(watch);
    this.#running--;
    if (this.#watches.has(watch)) {
      const lostMs = running.lostMs - lostBeforeMs;
      const isLost = verdict !== "passed" && lostMs > watch.check.timeoutMs * MAX_LOST_SHARE;
      if (verdict !== undefined && !isLost) {
        watch.take(resultOf(verdict, startMs, clock.now()), running.now());
      }
      const jitter = 1 + JITTER * (2 * random() - 1);
      const delayMs = (isLost ? watch.check.fastIntervalMs : watch.nextIntervalMs()) * jitter;
      this.#schedule(watch, running.now() + delayMs);
    }
    this.#startWaiting();
  }

  /** Time that the process lost moves all checks, or those that it missed would come all at once. */
  #schedule(watch: Watch, dueMs: number): void {
    const { clock, running } = this.#options;
    watch.timer = clock.after(Math.max(0, dueMs - running.now()), () => {
      if (dueMs - running.now() > MAX_LOST_MS) this.#schedule(watch, dueMs);
      else this.#enqueue(watch);
    });
  }

  /** How the check ended, or `undefined` when it could not even be made. */
  async #probe(watch: Watch): Promise<Verdict | undefined> {
    const { probe, address, timeoutMs } = watch.check;
    const deadline = new AbortController();
    const giveUp = () => deadline.abort();
    watch.stop.signal.addEventListener("abort", giveUp);
    using _timer = this.#options.clock.after(timeoutMs, giveUp);
    try {
      await probe(address, deadline.signal);
      // It passed, but after its time: opening a Unix socket, for one, cannot be broken off.
      return deadline.signal.aborted ? { reason: "no answer in time" } : "passed";
    } catch (thrown) {
      // Weir out of sockets must not take every backend down.
      if (thrown instanceof LbError && thrown.side === "internal") return undefined;
      return { reason: messageOf(thrown) };
    } finally {
      watch.stop.signal.removeEventListener("abort", giveUp);
    }
  }
}

type Verdict = "passed" | { readonly reason: string };

function resultOf(verdict: Verdict, startMs: number, endMs: number): Result {
  return { startMs, endMs, ...(verdict === "passed" ? {} : verdict) };
}

/**
 * Part of the interval after which the second check of server `place` begins: above 0, at most 1.
 * Multiples of the golden ratio leave no gaps and no clusters, however many there are (Weyl).
 */
function phaseOf(place: number): number {
  return 1 - (place * 0.618_033_988_749_895) % 1;
}

const DEFAULT_MAX_CONCURRENT = 64;
/** Share of the interval by which checks are spread to either side. */
const JITTER = 0.1;
/** Lost time that changes nothing. */
const MAX_LOST_MS = 1;
/** Part of a check's time that the process may have stood still without excusing a failure. */
export const MAX_LOST_SHARE = 0.25;
