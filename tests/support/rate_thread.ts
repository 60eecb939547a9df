import { Gcra, type Rate } from "../../lib/limit/gcra.ts";
import { RateTable } from "../../lib/limit/rate_table.ts";
import { seededRandom, wholeBelow } from "./seeded_random.ts";
import { StartGate } from "./thread.ts";

/** Takes from the buckets of one set together with other threads. */
export interface RateJob {
  readonly rate: Rate;
  readonly words: SharedArrayBuffer;
  readonly gate: SharedArrayBuffer;
  readonly threads: number;
  /** One cell: steps of the time. A thread that is refused moves it on. */
  readonly clock: SharedArrayBuffer;
  /** Length of a step, milliseconds. */
  readonly stepMs: number;
  /** Keys, all of one set. */
  readonly keys: number;
  readonly rounds: number;
  readonly seed: number;
}

/** How many requests of each key the thread got through. */
export type RateReport = readonly number[];

const scope = globalThis as unknown as EventTarget & { postMessage(message: unknown): void };

scope.addEventListener("message", (event) => {
  if (event instanceof MessageEvent) scope.postMessage(work(event.data as RateJob));
});

function work(job: RateJob): RateReport {
  const table = new RateTable(new BigUint64Array(job.words), new Gcra(job.rate));
  const clock = new Int32Array(job.clock);
  const random = seededRandom(job.seed);
  const passed = new Array<number>(job.keys).fill(0);
  new StartGate(job.gate).pass(job.threads);
  for (let round = 0; round < job.rounds; round++) {
    const number = wholeBelow(random, job.keys);
    const key = { low: 7, high: (number + 1) << 8 };
    if (table.take(key, Atomics.load(clock, 0) * job.stepMs) <= 0) passed[number]!++;
    else Atomics.add(clock, 0, 1);
  }
  return passed;
}
