import { SharedTable, type TableShape } from "../../lib/core/shared_table.ts";
import { StartGate } from "./thread.ts";

/** Hammers a shared table together with other threads. */
export interface TableJob {
  readonly shape: TableShape;
  readonly table: SharedArrayBuffer;
  readonly gate: SharedArrayBuffer;
  /** One cell per turn: how often it was drawn. */
  readonly turns: SharedArrayBuffer;
  /** Two cells: slots of listener 0, and connections to backend 1, that are held by anybody. */
  readonly holders: SharedArrayBuffer;
  readonly worker: number;
  readonly rounds: number;
  readonly maxOpen: number;
}

/** What one thread saw. */
export interface TableReport {
  readonly opened: number;
  readonly mostHolders: number;
  /** The same for connections to backend 1. */
  readonly openedToBackend: number;
  readonly mostToBackend: number;
  /** How often worker 0 was refused a slot of listener 1 that only it could have. */
  readonly wronglyRefused: number;
}

const scope = globalThis as unknown as EventTarget & { postMessage(message: unknown): void };

scope.addEventListener("message", (event) => {
  if (event instanceof MessageEvent) scope.postMessage(work(event.data as TableJob));
});

function work(job: TableJob): TableReport {
  const table = new SharedTable(job.table, job.shape);
  const turns = new Int32Array(job.turns);
  const holders = new Int32Array(job.holders);
  let opened = 0;
  let mostHolders = 0;
  let openedToBackend = 0;
  let mostToBackend = 0;
  new StartGate(job.gate).pass(job.shape.workers);
  for (let round = 0; round < job.rounds; round++) {
    Atomics.add(turns, table.nextTurn(0), 1);
    table.addInFlight(job.worker, round % 2, 1);
    table.countBackend(job.worker, 0, "connections");
    table.countListener(job.worker, 0, "accepted", 3);
    if (table.tryOpen(job.worker, 0, job.maxOpen)) {
      opened++;
      mostHolders = Math.max(mostHolders, Atomics.add(holders, 0, 1) + 1);
      Atomics.sub(holders, 0, 1);
      table.closed(job.worker, 0);
    }
    // All work on backend 0 ends; the work on backend 1 stays.
    if (round % 2 === 0) table.addInFlight(job.worker, 0, -1);
  }
  // Nothing but this, many times: only so do threads get between each other's read and write.
  for (let round = 0; round < 5 * job.rounds; round++) {
    if (!table.tryOpenBackend(job.worker, 1, job.maxOpen)) continue;
    openedToBackend++;
    mostToBackend = Math.max(mostToBackend, Atomics.add(holders, 1, 1) + 1);
    Atomics.sub(holders, 1, 1);
    table.closedBackend(job.worker, 1);
  }
  let wronglyRefused = 0;
  // One slot is held from before: the others are refused each time, worker 0 never.
  const most = job.worker === 0 ? 2 : 1;
  for (let round = 0; round < 5 * job.rounds; round++) {
    if (table.tryOpen(job.worker, 1, most)) table.closed(job.worker, 1);
    else if (job.worker === 0) wronglyRefused++;
  }
  return { opened, mostHolders, openedToBackend, mostToBackend, wronglyRefused };
}
