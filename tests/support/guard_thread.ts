import { type GuardShape, GuardTable } from "../../lib/core/guard_table.ts";
import { StartGate } from "./thread.ts";

/** Hammers a guards' table together with other threads. */
export interface GuardJob {
  readonly shape: GuardShape;
  readonly table: SharedArrayBuffer;
  readonly gate: SharedArrayBuffer;
  /** One cell: trials of backend 1 that are held by anybody. */
  readonly holders: SharedArrayBuffer;
  readonly worker: number;
  readonly rounds: number;
  readonly trials: number;
}

/** What one thread saw. */
export interface GuardReport {
  /** How often it counted the failure that makes half of all. */
  readonly reached: number;
  /** How often it was the one who opened backend 0. */
  readonly tripped: number;
  readonly mostHolders: number;
}

const scope = globalThis as unknown as EventTarget & { postMessage(message: unknown): void };

scope.addEventListener("message", (event) => {
  if (event instanceof MessageEvent) scope.postMessage(work(event.data as GuardJob));
});

function work({ shape, table: buffer, gate, worker, rounds, trials, ...job }: GuardJob) {
  const table = new GuardTable(buffer, shape);
  const holders = new Int32Array(job.holders);
  const threshold = shape.workers * rounds / 2;
  let reached = 0;
  let tripped = 0;
  let mostHolders = 0;
  new StartGate(gate).pass(shape.workers);
  for (let round = 0; round < rounds; round++) {
    const failures = table.fail(0);
    table.count(worker, 0, "done");
    if (failures === threshold) reached++;
    if (failures >= threshold && table.trip(0, 0)) tripped++;
    const era = table.tryTrial(worker, 1, trials);
    if (era === undefined) continue;
    mostHolders = Math.max(mostHolders, Atomics.add(holders, 0, 1) + 1);
    Atomics.sub(holders, 0, 1);
    table.returnTrial(worker, 1, era);
  }
  return { reached, tripped, mostHolders } satisfies GuardReport;
}
