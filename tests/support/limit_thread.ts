import { ClientSlots, type ClientSlotsShape } from "../../lib/core/client_slots.ts";
import { LimitTable } from "../../lib/core/limit_table.ts";
import type { TableShape } from "../../lib/core/shared_table.ts";
import { StartGate } from "./thread.ts";

/** Takes and gives slots together with other threads. */
export interface LimitJob {
  readonly shape: TableShape;
  readonly table: SharedArrayBuffer;
  readonly clientShape: ClientSlotsShape;
  readonly clients: SharedArrayBuffer;
  readonly gate: SharedArrayBuffer;
  /** Slots of backend 0, then of each client, that are held by anybody. */
  readonly holders: SharedArrayBuffer;
  readonly worker: number;
  readonly rounds: number;
  readonly max: number;
  /** Clients that take turns. */
  readonly clientCount: number;
}

/** What one thread saw. */
export interface LimitReport {
  readonly taken: number;
  readonly most: number;
  readonly clientsTaken: number;
  readonly mostOfClient: number;
}

const scope = globalThis as unknown as EventTarget & { postMessage(message: unknown): void };

scope.addEventListener("message", (event) => {
  if (event instanceof MessageEvent) scope.postMessage(work(event.data as LimitJob));
});

function work(job: LimitJob): LimitReport {
  const table = new LimitTable(job.table, job.shape);
  const clients = new ClientSlots(job.clients, job.clientShape);
  const holders = new Int32Array(job.holders);
  const report = { taken: 0, most: 0, clientsTaken: 0, mostOfClient: 0 };
  new StartGate(job.gate).pass(job.shape.workers);
  for (let round = 0; round < job.rounds; round++) {
    if (!table.tryTake(job.worker, 0, job.max)) continue;
    report.taken++;
    report.most = Math.max(report.most, Atomics.add(holders, 0, 1) + 1);
    Atomics.sub(holders, 0, 1);
    table.give(job.worker, 0);
  }
  for (let round = 0; round < job.rounds; round++) {
    const low = round % job.clientCount;
    if (clients.tryTake(job.worker, { high: -1, low }, job.max) !== "taken") continue;
    report.clientsTaken++;
    report.mostOfClient = Math.max(report.mostOfClient, Atomics.add(holders, 1 + low, 1) + 1);
    Atomics.sub(holders, 1 + low, 1);
    clients.give(job.worker, { high: -1, low });
  }
  return report;
}
