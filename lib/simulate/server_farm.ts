import { seededRandom } from "../ds/seeded_random.ts";
import {
  afterSpans,
  BALANCER,
  endOfWork,
  failFastMs,
  type Fault,
  isAway,
  lossOf,
  nextCutMs,
  slowdown,
  type Span,
  spansOf,
  type Trouble,
} from "./fault.ts";

/** How an attempt on a simulated backend ends. */
export const ANSWERED = 0;
export const REFUSED = 1;
export const CUT = 2;
export const TIMED_OUT = 3;
export const FAILED_FAST = 4;

/** The machines behind the balancer. */
export interface ServerFarmOptions {
  /** How fast each is; 1 needs exactly the service time. Above 0. */
  readonly speeds: readonly number[];
  /** Requests that each works on at once, 1 or more; further ones wait in line. */
  readonly concurrency: number;
  /** A client waits no longer for an answer. Milliseconds. */
  readonly timeoutMs: number;
  readonly faults: readonly Fault[];
  /** Of the chance by which connections get lost. */
  readonly seed: number;
}

/**
 * Servers with a first-come, first-served queue each.
 *
 * Faults are known from the start, so that how and when an attempt will end is known the moment it
 * begins: an attempt is one event, and no queue has to be kept. A server does not learn that a client
 * has given up and goes on with its request, as most do.
 */
export class ServerFarm {
  /** When the attempt begun last will end. Milliseconds. */
  endMs = 0;
  /** When each slot has done what it was given so far, by server. */
  readonly #freeAt: Float64Array;
  readonly #options: ServerFarmOptions;
  /** Of each server that has any. */
  readonly #troubles: (readonly Trouble[] | undefined)[];
  /** When each stands still. */
  readonly #hangs: (readonly Span[])[];
  /** When the balancer stands still, so that it gives up on nobody. */
  readonly #pauses: readonly Span[];
  readonly #lossRandom: () => number;

  constructor(options: ServerFarmOptions) {
    const { speeds, concurrency, faults, seed } = options;
    this.#options = options;
    this.#freeAt = new Float64Array(speeds.length * concurrency);
    const byServer = Map.groupBy(faults, ({ backend }) => backend);
    this.#troubles = speeds.map((_, server) => byServer.get(server)?.map(({ trouble }) => trouble));
    this.#hangs = this.#troubles.map((troubles = []) => spansOf(troubles, "hang"));
    const own = byServer.get(BALANCER)?.map(({ trouble }) => trouble) ?? [];
    this.#pauses = spansOf(own, "pause");
    this.#lossRandom = seededRandom(seed ^ 0x6c6f7373);
  }

  /** Checks a server, which costs it nothing: returns how that will end, and sets `endMs`. */
  probe(server: number, nowMs: number, timeoutMs: number): number {
    const troubles = this.#troubles[server];
    if (troubles === undefined) return this.#end(nowMs, ANSWERED);
    if (this.#isRefused(troubles, nowMs)) return this.#end(nowMs, REFUSED);
    const answerMs = afterSpans(this.#hangs[server]!, nowMs);
    const deadlineMs = nowMs + timeoutMs;
    return answerMs > deadlineMs ? this.#end(deadlineMs, TIMED_OUT) : this.#end(answerMs, ANSWERED);
  }

  /** Begins an attempt: returns how it will end, and sets `endMs`. */
  begin(server: number, nowMs: number, serviceMs: number): number {
    const troubles = this.#troubles[server];
    if (troubles === undefined) return this.#work(server, nowMs, serviceMs);
    if (this.#isRefused(troubles, nowMs)) return this.#end(nowMs, REFUSED);
    const hangs = this.#hangs[server]!;
    const answerMs = failFastMs(troubles, nowMs);
    if (answerMs !== undefined && afterSpans(hangs, nowMs) === nowMs) {
      return this.#end(nowMs + answerMs, FAILED_FAST);
    }
    const cutAtMs = nextCutMs(troubles, nowMs);
    const slot = this.#freeSlot(server);
    const startMs = afterSpans(hangs, Math.max(nowMs, this.#freeAt[slot]!));
    const workMs = serviceMs / this.#options.speeds[server]! * slowdown(troubles, startMs);
    const doneMs = endOfWork(hangs, startMs, workMs);
    // What was lost is not taken up again.
    this.#freeAt[slot] = Math.min(doneMs, cutAtMs);
    const result = this.#answer(nowMs, doneMs);
    return this.endMs > cutAtMs ? this.#end(cutAtMs, CUT) : result;
  }

  #isRefused(troubles: readonly Trouble[], nowMs: number): boolean {
    if (isAway(troubles, nowMs)) return true;
    const share = lossOf(troubles, nowMs);
    return share > 0 && this.#lossRandom() < share;
  }

  #work(server: number, nowMs: number, serviceMs: number): number {
    const slot = this.#freeSlot(server);
    const startMs = Math.max(nowMs, this.#freeAt[slot]!);
    const doneMs = startMs + serviceMs / this.#options.speeds[server]!;
    this.#freeAt[slot] = doneMs;
    return this.#answer(nowMs, doneMs);
  }

  #answer(nowMs: number, doneMs: number): number {
    const deadlineMs = this.#deadline(nowMs);
    return doneMs > deadlineMs ? this.#end(deadlineMs, TIMED_OUT) : this.#end(doneMs, ANSWERED);
  }

  /** After a pause what has come in is read before anybody is given up. */
  #deadline(nowMs: number): number {
    const deadlineMs = nowMs + this.#options.timeoutMs;
    if (this.#pauses.length === 0) return deadlineMs;
    const awakeMs = afterSpans(this.#pauses, deadlineMs);
    return awakeMs === deadlineMs ? deadlineMs : awakeMs + TICK_MS;
  }

  #end(atMs: number, result: number): number {
    this.endMs = atMs;
    return result;
  }

  /** The slot that is free first. */
  #freeSlot(server: number): number {
    const { concurrency } = this.#options;
    const first = server * concurrency;
    let best = first;
    for (let slot = first + 1; slot < first + concurrency; slot++) {
      if (this.#freeAt[slot]! < this.#freeAt[best]!) best = slot;
    }
    return best;
  }
}

/** Of the timer wheel, which lets one tick go by after the process stood still. */
const TICK_MS = 50;
