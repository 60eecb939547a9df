import { failFastMs, type Fault, isAway, nextCutMs, slowdown, type Trouble } from "./fault.ts";

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

  constructor(options: ServerFarmOptions) {
    const { speeds, concurrency, faults } = options;
    this.#options = options;
    this.#freeAt = new Float64Array(speeds.length * concurrency);
    const byServer = Map.groupBy(faults, ({ backend }) => backend);
    this.#troubles = speeds.map((_, server) => byServer.get(server)?.map(({ trouble }) => trouble));
  }

  /** True while connections to the server are refused. */
  isAway(server: number, nowMs: number): boolean {
    const troubles = this.#troubles[server];
    return troubles !== undefined && isAway(troubles, nowMs);
  }

  /** Begins an attempt: returns how it will end, and sets `endMs`. */
  begin(server: number, nowMs: number, serviceMs: number): number {
    const troubles = this.#troubles[server];
    if (troubles === undefined) return this.#work(server, nowMs, serviceMs);
    if (isAway(troubles, nowMs)) return this.#end(nowMs, REFUSED);
    const answerMs = failFastMs(troubles, nowMs);
    if (answerMs !== undefined) return this.#end(nowMs + answerMs, FAILED_FAST);
    const cutAtMs = nextCutMs(troubles, nowMs);
    const slot = this.#freeSlot(server);
    const startMs = Math.max(nowMs, this.#freeAt[slot]!);
    const workMs = serviceMs / this.#options.speeds[server]! * slowdown(troubles, startMs);
    // What was lost is not taken up again.
    this.#freeAt[slot] = Math.min(startMs + workMs, cutAtMs);
    const result = this.#answer(nowMs, startMs + workMs);
    return this.endMs > cutAtMs ? this.#end(cutAtMs, CUT) : result;
  }

  #work(server: number, nowMs: number, serviceMs: number): number {
    const slot = this.#freeSlot(server);
    const startMs = Math.max(nowMs, this.#freeAt[slot]!);
    const doneMs = startMs + serviceMs / this.#options.speeds[server]!;
    this.#freeAt[slot] = doneMs;
    return this.#answer(nowMs, doneMs);
  }

  #answer(nowMs: number, doneMs: number): number {
    const deadlineMs = nowMs + this.#options.timeoutMs;
    return doneMs > deadlineMs ? this.#end(deadlineMs, TIMED_OUT) : this.#end(doneMs, ANSWERED);
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
