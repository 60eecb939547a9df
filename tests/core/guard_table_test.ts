import { assertEquals, assertLessOrEqual } from "@std/assert";
import { GuardTable } from "../../lib/core/guard_table.ts";
import type { GuardJob, GuardReport } from "../support/guard_thread.ts";
import { StartGate, Thread } from "../support/thread.ts";

const SHAPE = { workers: 3, backends: 4, upstreams: 2 };

/** A table whose backend 1 is half open. */
function halfOpen(): { table: GuardTable; era: number } {
  const table = GuardTable.create(SHAPE);
  table.trip(1, table.era(1));
  table.halfOpen(1);
  return { table, era: table.era(1) };
}

Deno.test("GuardTable keeps every cell apart from every other", () => {
  const table = GuardTable.create(SHAPE);
  const other = new GuardTable(table.buffer, SHAPE);
  for (let backend = 0; backend < SHAPE.backends; backend++) {
    for (let n = 0; n <= backend; n++) table.fail(backend);
    for (let n = 0; n <= 2 * backend; n++) table.failGateway(backend);
    for (let worker = 0; worker < SHAPE.workers; worker++) table.count(worker, backend, "done");
    table.count(2, backend, "failed");
  }
  table.noteCause(3, true);
  table.trip(2, 0);
  table.halfOpen(2);
  table.tryTrial(2, 2, 5);
  table.eject(3, 1, { era: 0, most: 1 });

  assertEquals([0, 1, 3].map((backend) => other.failures(backend)), [1, 2, 4]);
  assertEquals([0, 1, 3].map((backend) => other.failGateway(backend)), [2, 4, 8]);
  for (let backend = 0; backend < SHAPE.backends; backend++) {
    assertEquals(other.totals(backend), { done: 3, failed: 1 });
    assertEquals(other.couldNotConnect(backend), backend === 3);
    assertEquals(other.state(backend).ejected, backend === 3);
    assertEquals(other.state(backend).circuit, backend === 2 ? "half_open" : "closed");
  }
  assertEquals(other.state(2).taken, 1);
});

Deno.test("GuardTable.trip() opens once, and not for work of another era", () => {
  const table = GuardTable.create(SHAPE);
  const era = table.era(1);

  assertEquals([table.trip(1, era), table.trip(1, era), table.trip(1, era + 1)], [
    true,
    false,
    false,
  ]);
  assertEquals(table.freeEra(1), -1);
  table.halfOpen(1);
  assertEquals(table.trip(1, era), false);

  assertEquals(table.trip(1, table.era(1)), true);
});

Deno.test("GuardTable.tryTrial() gives out as many as there are, and none while open", () => {
  const { table, era } = halfOpen();
  const take = () => table.tryTrial(0, 1, 2);

  assertEquals([take(), take(), take()], [era, era, undefined]);
  table.returnTrial(0, 1, era);
  assertEquals([take(), take()], [era, undefined]);
  table.passTrial(0, 1, era);
  assertEquals(take(), undefined);
  assertEquals(table.state(1).passed, 1);
  table.trip(1, era);

  assertEquals(take(), undefined);
  assertEquals(table.tryTrial(0, 0, 2), undefined);
});

Deno.test("GuardTable takes nothing from trials of a round that is over", () => {
  const { table, era } = halfOpen();
  table.tryTrial(0, 1, 3);
  table.tryTrial(0, 1, 3);
  table.halfOpen(1);
  const next = table.tryTrial(0, 1, 3);

  table.passTrial(0, 1, era);
  table.returnTrial(0, 1, era);

  const { taken, passed } = table.state(1);
  assertEquals([taken, passed], [1, 0]);
  assertEquals(table.close(1, era), false);
  assertEquals(table.close(1, next!), true);
});

Deno.test("GuardTable.forgetWorker() gives back the trials of that worker, each once", () => {
  const { table, era } = halfOpen();
  for (const worker of [0, 1, 1, 1]) table.tryTrial(worker, 1, 5);
  table.passTrial(1, 1, era);

  table.forgetWorker(1);
  table.forgetWorker(1);

  assertEquals([table.state(1).taken, table.state(1).passed], [2, 1]);
  table.forgetWorker(0);
  assertEquals(table.state(1).taken, 1);
});

Deno.test("GuardTable.eject() stops at the most of an upstream, and admit() makes room", () => {
  const table = GuardTable.create(SHAPE);
  const eject = (backend: number, upstream = 0) => {
    return table.eject(backend, upstream, { era: table.era(backend), most: 2 });
  };

  assertEquals([eject(0), eject(0), eject(1), eject(2), eject(3, 1)], [
    true,
    false,
    true,
    false,
    true,
  ]);
  table.admit(0, 0);
  table.admit(0, 0);
  assertEquals([eject(2), eject(0)], [true, false]);
  table.trip(0, table.era(0));
  table.admit(1, 0);

  // A backend whose circuit is open is held off already, and takes no place.
  assertEquals([eject(0), eject(1)], [false, true]);
});

Deno.test("GuardTable.era() goes on at 0 after 2^17 - 1", () => {
  const table = GuardTable.create(SHAPE);
  new Int32Array(table.buffer)[1] = (2 ** 17 - 1) << 15;

  assertEquals(table.era(1), 2 ** 17 - 1);
  assertEquals(table.trip(1, 2 ** 17 - 1), true);

  assertEquals(table.state(1), { circuit: "open", ejected: false, taken: 0, passed: 0, era: 0 });
});

Deno.test("GuardTable is exact from several threads at once", async () => {
  const shape = { workers: 4, backends: 2, upstreams: 1 };
  const rounds = 20_000;
  const table = GuardTable.create(shape);
  table.trip(1, 0);
  table.halfOpen(1);
  const common = {
    shape,
    table: table.buffer,
    gate: new StartGate().buffer,
    holders: new SharedArrayBuffer(4),
    rounds,
    trials: 3,
  };
  using threads = new DisposableStack();

  const reports = await Promise.all([0, 1, 2, 3].map((worker) => {
    const job: GuardJob = { ...common, worker };
    return threads.use(new Thread("guard_thread.ts")).run(job) as Promise<GuardReport>;
  }));

  assertEquals(table.failures(0), shape.workers * rounds);
  assertEquals(table.totals(0), { done: shape.workers * rounds, failed: 0 });
  // The one that counted the threshold was one, and so was the one that tripped.
  assertEquals(reports.reduce((sum, { reached }) => sum + reached, 0), 1);
  assertEquals(reports.reduce((sum, { tripped }) => sum + tripped, 0), 1);
  for (const { mostHolders } of reports) assertLessOrEqual(mostHolders, 3);
  assertEquals(table.state(1).taken, 0);
  assertEquals(table.state(0).circuit, "open");
});
