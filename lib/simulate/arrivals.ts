import { TimeHeap } from "../ds/time_heap.ts";
import type { KeySource } from "./keys.ts";
import { exponential } from "./service_time.ts";

/** What arrives: one request after another, in the order of time. */
export interface ArrivalSource {
  /** When the next request arrives, in milliseconds from the start; `Infinity`: none that is known. */
  readonly atMs: number;
  /** What the request taken last needs of a server of speed 1, in milliseconds. */
  readonly serviceMs: number;
  /** 32-bit hash of its affinity key. */
  readonly key: number;
  /** Takes the next request and goes on to the one after it. Not called while there is none. */
  take(): void;
  /** Told when a request has come to its end, whichever. Needed where clients wait for answers. */
  finished?(nowMs: number): void;
}

/** How requests that nobody waits for arrive. */
export const OPEN_ARRIVALS = ["poisson", "uniform", "bursty"] as const;
export type OpenArrivals = typeof OPEN_ARRIVALS[number];

/** Both halves of a burst's cycle, on average. */
const BURST_MS = 500;

/** Draws times between arrivals, `meanMs` on average. */
export function gaps(process: OpenArrivals, meanMs: number, random: () => number): () => number {
  switch (process) {
    case "poisson":
      return exponential(meanMs, random);
    case "uniform":
      return () => meanMs;
    case "bursty":
      return burstyGaps(meanMs, random);
  }
}

/** Twice the rate for half a second or so, then nothing for as long (a two-state Poisson process). */
function burstyGaps(meanMs: number, random: () => number): () => number {
  const gap = exponential(meanMs / 2, random);
  const phase = exponential(BURST_MS, random);
  let leftMs = phase();
  return () => {
    const gapMs = gap();
    let waitMs = 0;
    let workMs = gapMs;
    // Time runs for arrivals only while the burst lasts.
    while (workMs > leftMs) {
      workMs -= leftMs;
      waitMs += phase();
      leftMs = phase();
    }
    leftMs -= workMs;
    return gapMs + waitMs;
  };
}

/** When to stop, whichever comes first. */
export interface ArrivalLimit {
  readonly requests: number;
  /** No arrival at this time or later. Milliseconds. */
  readonly durationMs: number;
}

/** What synthetic requests are drawn from. */
export interface Draws {
  /** Time between two arrivals; of clients that wait: between an answer and the next request. */
  readonly gap: () => number;
  readonly service: () => number;
  readonly key: KeySource;
}

/** Requests that arrive whatever becomes of those before them. */
export class OpenSource implements ArrivalSource {
  atMs = 0;
  serviceMs = 0;
  key = 0;
  readonly #draws: Draws;
  readonly #limit: ArrivalLimit;
  #count = 0;

  constructor(draws: Draws, limit: ArrivalLimit) {
    this.#draws = draws;
    this.#limit = limit;
    this.#goOn();
  }

  take(): void {
    this.serviceMs = this.#draws.service();
    this.key = this.#draws.key();
    this.#goOn();
  }

  #goOn(): void {
    this.atMs += this.#draws.gap();
    const isOver = this.#count === this.#limit.requests || this.atMs >= this.#limit.durationMs;
    if (isOver) this.atMs = Infinity;
    this.#count++;
  }
}

/** Clients that send a request, wait for its end, think, and send the next one. */
export class ClosedSource implements ArrivalSource {
  serviceMs = 0;
  key = 0;
  readonly #draws: Draws;
  readonly #limit: ArrivalLimit;
  /** When each client that thinks will have done so. */
  readonly #thinking: TimeHeap;
  #count = 0;

  /** @param clients how many there are, 1 or more; the first request of each comes after a thought */
  constructor(clients: number, draws: Draws, limit: ArrivalLimit) {
    this.#draws = draws;
    this.#limit = limit;
    this.#thinking = new TimeHeap(clients);
    for (let client = 0; client < clients; client++) this.finished(0);
  }

  get atMs(): number {
    const atMs = this.#thinking.firstTime;
    const isOver = this.#count === this.#limit.requests || atMs >= this.#limit.durationMs;
    return isOver ? Infinity : atMs;
  }

  take(): void {
    this.#thinking.pop();
    this.#count++;
    this.serviceMs = this.#draws.service();
    this.key = this.#draws.key();
  }

  finished(nowMs: number): void {
    this.#thinking.push(nowMs + this.#draws.gap(), 0);
  }
}
