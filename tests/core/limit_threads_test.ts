import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { ClientSlots } from "../../lib/core/client_slots.ts";
import { LimitTable } from "../../lib/core/limit_table.ts";
import type { LimitJob, LimitReport } from "../support/limit_thread.ts";
import { StartGate, Thread } from "../support/thread.ts";

Deno.test("LimitTable and ClientSlots never give more than the most, to several threads at once", async () => {
  const workers = 4;
  const shape = { workers, backends: 1, upstreams: 1, listeners: 1 };
  const table = LimitTable.create(shape);
  // Two buckets for twenty clients: entries change hands all the time.
  const clientShape = { workers, maxConnections: 8 };
  const clients = ClientSlots.create(clientShape, 1);
  const clientCount = 20;
  const common = {
    shape,
    table: table.buffer,
    clientShape,
    clients: clients.buffer,
    gate: new StartGate().buffer,
    holders: new SharedArrayBuffer(4 * (1 + clientCount)),
    rounds: 200_000,
    max: 2,
    clientCount,
  };
  using threads = new DisposableStack();

  const reports = await Promise.all([0, 1, 2, 3].map((worker) => {
    const job: LimitJob = { ...common, worker };
    return threads.use(new Thread("limit_thread.ts")).run(job) as Promise<LimitReport>;
  }));

  for (const { most, mostOfClient } of reports) {
    assertLessOrEqual(most, 2);
    assertLessOrEqual(mostOfClient, 2);
  }
  assertGreater(reports.reduce((sum, { taken }) => sum + taken, 0), 0);
  assertGreater(reports.reduce((sum, { clientsTaken }) => sum + clientsTaken, 0), 0);
  assertEquals(table.taken(0), 0);
  for (let low = 0; low < clientCount; low++) assertEquals(clients.taken({ high: -1, low }), 0);
});
