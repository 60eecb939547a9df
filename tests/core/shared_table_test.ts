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
      table.countBackend(worker, backend, "poolExhausted", 20);
      for (let open = 0; open <= backend; open++) table.tryOpenBackend(worker, backend, 100);
    }
    for (let listener = 0; listener < SHAPE.listeners; listener++) {
      table.tryOpen(worker, listener, 100);
      table.countListener(worker, listener, "retriesDenied", 10 + listener);
      table.countListener(worker, listener, "answersCut", 30 + listener);
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
    assertEquals(other.backendTotal(backend, "poolExhausted"), 60);
    assertEquals(other.openToBackend(backend), 3 * (1 + backend));
  }
  for (let listener = 0; listener < SHAPE.listeners; listener++) {
    assertEquals(other.active(listener), 3);
    assertEquals(other.listenerTotal(listener, "retriesDenied"), 3 * (10 + listener));
    assertEquals(other.listenerTotal(listener, "accepted"), 0);
    assertEquals(other.listenerTotal(listener, "answersCut"), 3 * (30 + listener));
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

Deno.test("SharedTable.tryOpenBackend() stops at the most, and closedBackend() gives back", () => {
  const table = SharedTable.create(SHAPE);

  assertEquals([0, 1, 2].map((worker) => table.tryOpenBackend(worker, 3, 2)), [true, true, false]);
  assertEquals(table.openToBackend(3), 2);
  table.closedBackend(1, 3);

  assertEquals(table.tryOpenBackend(2, 3, 2), true);
  assertEquals(table.tryOpenBackend(2, 2, 0), false);
  assertEquals([2, 3].map((backend) => table.openToBackend(backend)), [0, 2]);
});

Deno.test("SharedTable.forgetWorker() gives back connections to backends, each once", () => {
  const table = SharedTable.create(SHAPE);
  for (const worker of [0, 1, 1, 2]) table.tryOpenBackend(worker, 2, 10);
  table.tryOpenBackend(1, 3, 10);
  table.closedBackend(1, 3);

  table.forgetWorker(1);
  assertEquals([table.openToBackend(2), table.openToBackend(3)], [2, 0]);
  table.forgetWorker(1);

  assertEquals([table.openToBackend(2), table.openToBackend(3)], [2, 0]);
  assertEquals(table.tryOpenBackend(1, 2, 3), true);
  assertEquals(table.tryOpenBackend(1, 2, 3), false);
});

Deno.test("SharedTable.forgetWorker() gives back what that worker held, and nothing else", () => {
  const table = SharedTable.create(SHAPE);
  for (const worker of [0, 1, 1, 2]) {
    table.addInFlight(worker, 3, 1);
    table.countBackend(worker, 3, "idle");
    table.tryOpen(worker, 1, 10);
  }
  table.addInFlight(1, 0, 1);
  table.addInFlight(1, 0, -1);

  table.forgetWorker(1);
  assertEquals([table.inFlight(3), table.inFlight(0), table.active(1)], [2, 0, 2]);
  assertEquals(table.backendTotal(3, "idle"), 2);
  table.forgetWorker(1);

  assertEquals([table.inFlight(3), table.inFlight(0), table.active(1)], [2, 0, 2]);
});

Deno.test("SharedTable is exact from several threads at once", async () => {
  const shape: TableShape = { workers: 4, backends: 2, upstreams: 1, listeners: 2 };
  const rounds = 50_000;
  const table = SharedTable.create(shape);
  table.tryOpen(0, 1, 1);
  const turns = new SharedArrayBuffer(4 * rounds * shape.workers);
  const common = {
    shape,
    table: table.buffer,
    gate: new StartGate().buffer,
    turns,
    holders: new SharedArrayBuffer(8),
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
  assertEquals(table.openToBackend(1), 0);
  for (const { mostHolders, mostToBackend } of reports) {
    assertLessOrEqual(mostHolders, 2);
    assertLessOrEqual(mostToBackend, 2);
  }
  // Of all together: one thread alone may find every slot held by threads that are not running.
  assertGreater(reports.reduce((sum, { opened }) => sum + opened, 0), 0);
  assertGreater(reports.reduce((sum, { openedToBackend }) => sum + openedToBackend, 0), 0);
  assertEquals(reports.map(({ wronglyRefused }) => wronglyRefused), [0, 0, 0, 0]);
  assertEquals(table.active(1), 1);
  for (const worker of [0, 1, 2, 3]) table.forgetWorker(worker);
  assertEquals(table.inFlight(1), 0);
});
