import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { SharedTable, type TableShape } from "../../lib/core/shared_table.ts";
import type { TableJob, TableReport } from "../support/table_thread.ts";
import { StartGate, Thread } from "../support/thread.ts";

const SHAPE: TableShape = { workers: 3, backends: 4, upstreams: 2, listeners: 2 };

Deno.test("SharedTable keeps every cell apart from every other", () => {
  const table = SharedTable.create(SHAPE);
  // Two views, as two threads have them.
  const other = new SharedTable(table.buffer, SHAPE);
  for (let worker = 0; worker < SHAPE.workers; worker++) {
    for (let backend = 0; backend < SHAPE.backends; backend++) {
      table.addInFlight(worker, backend, 1);
      table.countBackend(worker, backend, "connections", 1 + backend);
      table.countBackend(worker, backend, "bytesToClient", 1e15);
    }
    for (let listener = 0; listener < SHAPE.listeners; listener++) {
      table.tryOpen(worker, listener, 100);
      table.countListener(worker, listener, "retries", 10 + listener);
    }
    table.beat(worker);
  }
  table.setUp(1, true);
  table.nextTurn(1);

  for (let backend = 0; backend < SHAPE.backends; backend++) {
    assertEquals(other.inFlight(backend), 3);
    assertEquals(other.isUp(backend), backend === 1);
    assertEquals(other.backendTotal(backend, "connections"), 3 * (1 + backend));
    assertEquals(other.backendTotal(backend, "bytesToClient"), 3e15);
    assertEquals(other.backendTotal(backend, "bytesToBackend"), 0);
    assertEquals(other.backendTotal(backend, "failures"), 0);
  }
  for (let listener = 0; listener < SHAPE.listeners; listener++) {
    assertEquals(other.active(listener), 3);
    assertEquals(other.listenerTotal(listener, "retries"), 3 * (10 + listener));
    assertEquals(other.listenerTotal(listener, "accepted"), 0);
  }
  assertEquals([0, 1, 2].map((worker) => other.beats(worker)), [1, 1, 1]);
  assertEquals([other.nextTurn(0), other.nextTurn(1)], [0, 1]);
});

Deno.test("SharedTable.setUp() takes a backend up and down", () => {
  const table = SharedTable.create(SHAPE);

  assertEquals(table.isUp(2), false);
  table.setUp(2, true);
  assertEquals(table.isUp(2), true);
  table.setUp(2, false);
  assertEquals(table.isUp(2), false);
});

Deno.test("SharedTable.nextTurn() goes on at 0 after 2^32 - 1", () => {
  const table = SharedTable.create({ workers: 1, backends: 0, upstreams: 1, listeners: 0 });
  new Int32Array(table.buffer)[0] = -2;

  assertEquals([1, 2, 3].map(() => table.nextTurn(0)), [2 ** 32 - 2, 2 ** 32 - 1, 0]);
});

Deno.test("SharedTable.tryOpen() stops at the most, and closed() gives back", () => {
  const table = SharedTable.create(SHAPE);

  assertEquals([1, 2, 3].map(() => table.tryOpen(0, 0, 2)), [true, true, false]);
  assertEquals(table.active(0), 2);
  table.closed(0, 0);

  assertEquals(table.tryOpen(1, 0, 2), true);
  assertEquals(table.tryOpen(1, 1, 0), false);
  assertEquals([table.active(0), table.active(1)], [2, 0]);
});

Deno.test("SharedTable.forgetWorker() gives back what that worker held, and nothing else", () => {
  const table = SharedTable.create(SHAPE);
  for (const worker of [0, 1, 1, 2]) {
    table.addInFlight(worker, 3, 1);
    table.tryOpen(worker, 1, 10);
  }
  table.addInFlight(1, 0, 1);
  table.addInFlight(1, 0, -1);

  table.forgetWorker(1);
  assertEquals([table.inFlight(3), table.inFlight(0), table.active(1)], [2, 0, 2]);
  table.forgetWorker(1);

  assertEquals([table.inFlight(3), table.inFlight(0), table.active(1)], [2, 0, 2]);
});

Deno.test("SharedTable is exact from several threads at once", async () => {
  const shape: TableShape = { workers: 4, backends: 2, upstreams: 1, listeners: 1 };
  const rounds = 50_000;
  const table = SharedTable.create(shape);
  const turns = new SharedArrayBuffer(4 * rounds * shape.workers);
  const common = {
    shape,
    table: table.buffer,
    gate: new StartGate().buffer,
    turns,
    holders: new SharedArrayBuffer(4),
    rounds,
    maxOpen: 2,
  };
  using threads = new DisposableStack();

  const reports = await Promise.all([0, 1, 2, 3].map((worker) => {
    const job: TableJob = { ...common, worker };
    return threads.use(new Thread("table_thread.ts")).run(job) as Promise<TableReport>;
  }));

  assert(new Int32Array(turns).every((drawn) => drawn === 1), "a turn was drawn twice or never");
  assertEquals(table.inFlight(0), 0);
  assertEquals(table.inFlight(1), shape.workers * rounds / 2);
  assertEquals(table.backendTotal(0, "connections"), shape.workers * rounds);
  assertEquals(table.listenerTotal(0, "accepted"), 3 * shape.workers * rounds);
  assertEquals(table.active(0), 0);
  for (const { opened, mostHolders } of reports) {
    assertGreater(opened, 0);
    assertLessOrEqual(mostHolders, 2);
  }
  for (const worker of [0, 1, 2, 3]) table.forgetWorker(worker);
  assertEquals(table.inFlight(1), 0);
});
