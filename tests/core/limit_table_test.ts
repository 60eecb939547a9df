import { assertEquals } from "@std/assert";
import { laterBy, LimitTable } from "../../lib/core/limit_table.ts";

const SHAPE = { workers: 3, backends: 2, upstreams: 2, listeners: 1 };

Deno.test("LimitTable.tryTake() gives the most and no more, until one is given back", () => {
  const table = LimitTable.create(SHAPE);

  const taken = [0, 1, 2].map((worker) => table.tryTake(worker, 1, 2));

  assertEquals(taken, [true, true, false]);
  table.give(0, 1);
  assertEquals([table.tryTake(2, 1, 2), table.tryTake(2, 1, 2)], [true, false]);
  assertEquals([table.taken(0), table.taken(1)], [0, 2]);
});

Deno.test("LimitTable.forgetWorker() gives back what that worker held, and wakes the others", () => {
  const table = LimitTable.create(SHAPE);
  for (const worker of [0, 1, 1]) table.tryTake(worker, 0, 5);
  table.showQueue(1, 0, 4, 100);
  table.showWindow(1, 0, 20);
  const wakes = table.wakes(0);

  for (let i = 0; i < 2; i++) table.forgetWorker(1);

  assertEquals([table.taken(0), table.windowOf(0)], [1, 0]);
  assertEquals(table.queueOf(0, 500), { length: 0, longestWaitMs: 0 });
  assertEquals(table.wakes(0), wakes + 2);
});

Deno.test("LimitTable.queueOf() adds up the threads and goes by who came first", () => {
  const table = LimitTable.create(SHAPE);
  // The clock of milliseconds since 1970 has passed 2^32 long ago.
  const nowMs = 1_800_000_000_000;
  table.showQueue(0, 1, 2, nowMs - 30);
  table.showQueue(2, 1, 3, nowMs - 80);

  assertEquals(table.queueOf(1, nowMs), { length: 5, longestWaitMs: 80 });
  assertEquals(table.queueOf(0, nowMs), { length: 0, longestWaitMs: 0 });
  assertEquals(table.longestWaiting(2, 1)?.worker, 0);
  assertEquals(table.longestWaiting(0, 1)?.worker, 2);
  assertEquals(table.longestWaiting(0, 0), undefined);
});

Deno.test("laterBy() compares moments over the end of 32 bits", () => {
  assertEquals(laterBy((2 ** 31 + 5) | 0, 2 ** 31 - 5), 10);
  assertEquals(laterBy(-1, 1), -2);
});

Deno.test("LimitTable.untilWoken() resolves when it is told, or was told before", async () => {
  const table = LimitTable.create(SHAPE);
  const seen = table.wakes(1);
  const woken = table.untilWoken(1, seen, 60_000);

  table.wake(1);

  await woken;
  await table.untilWoken(1, seen, 60_000);
  assertEquals(table.wakes(1), seen + 1);
});
