import { SharedTable } from "../../lib/core/shared_table.ts";
import { StartGate } from "../../tests/support/thread.ts";
import { createPicker, SHAPE, timeEach } from "./picker.ts";

/** One of the threads that pick at once. */
export interface PickJob {
  readonly table: SharedArrayBuffer;
  readonly gate: SharedArrayBuffer;
  readonly threads: number;
  readonly picks: number;
}

const scope = globalThis as unknown as EventTarget & { postMessage(message: unknown): void };

scope.addEventListener("message", (event) => {
  if (event instanceof MessageEvent) scope.postMessage(work(event.data as PickJob));
});

/** Nanoseconds a pick. */
function work({ table, gate, threads, picks }: PickJob): number {
  const pick = createPicker(new SharedTable(table, SHAPE));
  timeEach(picks / 10, pick);
  new StartGate(gate).pass(threads);
  return timeEach(picks, pick);
}
