import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { GuardTable } from "../../lib/core/guard_table.ts";
import type { WeirEvent } from "../../lib/core/events.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { metricShapeOf, placeBackends, shapeOf } from "../../lib/runtime/layout.ts";
import { MetricTable } from "../../lib/metrics/metric_table.ts";
import type { OverrideMessage } from "../../lib/runtime/messages.ts";
import { SharedLimits } from "../../lib/runtime/shared_limits.ts";
import { WorkerSlot } from "../../lib/runtime/worker_slot.ts";
import { ask, connectTo, exchange, receiveAll } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { TempFolder } from "../support/paths.ts";
import { echo } from "../support/servers.ts";
import { loadedConfig, type LoadedConfigOptions } from "../support/loaded_config.ts";
import { eventually, within } from "../support/wait.ts";

// A thread cannot be killed from outside the process, so the slot is told that its thread's event
// loop has stopped: it is asked faster than any thread can beat.

Deno.test("a worker that stops is replaced, and what it held is given back", async () => {
  await using server = echo();
  const listen = freeAddress();
  await using parts = await startSlot(listen, server.address);
  const { slot, table, log } = parts;
  using conn = await connectTo(listen);
  await exchange(conn, "before");
  assertEquals({ active: table.active(0), inFlight: table.inFlight(0) }, {
    active: 1,
    inFlight: 1,
  });

  for (let i = 0; i < 4; i++) slot.checkBeat();

  assertEquals(slot.restarts, 1);
  assertEquals({ active: table.active(0), inFlight: table.inFlight(0) }, {
    active: 0,
    inFlight: 0,
  });
  assertEquals(log.fieldsOf("Worker died and is replaced").length, 1);
  assertEquals(await receiveAll(conn).catch(() => ""), "");
  await eventually("the new worker to serve", async () => {
    assertEquals(await ask(listen, "hello"), "hello");
  });
  await within("the drain", slot.drain());
});

Deno.test("a worker that is replaced gives back the slots of its backends and who waited for them", async () => {
  await using server = echo();
  const listen = freeAddress();
  await using parts = await startSlotWith({
    listen,
    backends: [server.address],
    maxConnections: 1,
  });
  const { slot, limits } = parts;
  using conn = await connectTo(listen);
  await exchange(conn, "before");
  using _waiter = await connectTo(listen);
  await eventually("somebody to wait", () => assertEquals(limits.table.queueOf(0, 0).length, 1));
  assertEquals(limits.table.taken(0), 1);

  for (let i = 0; i < 4; i++) slot.checkBeat();

  assertEquals([limits.table.taken(0), limits.table.queueOf(0, 0).length], [0, 0]);
  await eventually("the new worker to serve", async () => {
    assertEquals(await ask(listen, "hello"), "hello");
  });
});

Deno.test("a worker that is replaced opens its Unix socket again", async () => {
  await using server = echo();
  await using folder = await TempFolder.create();
  const listen = `unix:${folder.path}/weir.sock`;
  await using parts = await startSlot(listen, server.address);
  assertEquals(await ask(listen, "before"), "before");

  for (let i = 0; i < 4; i++) parts.slot.checkBeat();

  await eventually("the new worker to serve", async () => {
    assertEquals(await ask(listen, "hello"), "hello");
  });
  assertEquals(parts.slot.restarts, 1);
  await within("the drain", parts.slot.drain());
});

Deno.test("a worker that is replaced knows which backends are down", async () => {
  await using down = echo();
  await using up = echo();
  const listen = freeAddress();
  await using parts = await startSlot(listen, down.address, up.address);
  const { slot, table } = parts;
  table.setUp(0, false);
  slot.post({ type: "health", backend: 0, available: false });

  for (let i = 0; i < 4; i++) slot.checkBeat();

  await eventually("the new worker to serve", async () => {
    assertEquals(await ask(listen, "hello"), "hello");
  });
  for (let i = 0; i < 5; i++) assertEquals(await ask(listen, "hello"), "hello");
  assertEquals(table.backendTotal(0, "connections"), 0);
});

Deno.test("a worker that is replaced knows what operators changed", async () => {
  await using drained = echo();
  await using used = echo();
  const listen = freeAddress();
  await using parts = await startSlot(listen, drained.address, used.address);
  const { slot, table, overrides, log } = parts;
  overrides.push({ type: "override", backend: 0, weight: 1, state: "drain" });

  for (let i = 0; i < 4; i++) slot.checkBeat();

  await eventually("the new worker to serve", async () => {
    assertEquals(await ask(listen, "hello"), "hello");
  });
  for (let i = 0; i < 5; i++) assertEquals(await ask(listen, "hello"), "hello");
  assertEquals(table.backendTotal(0, "connections"), 0);
  assertEquals(parts.events.map(({ type }) => type), ["worker_restart"]);
  assertEquals(log.fieldsOf("Worker died and is replaced").length, 1);
});

Deno.test("a worker that drains is not replaced", async () => {
  await using server = echo();
  const listen = freeAddress();
  await using parts = await startSlot(listen, server.address);
  using conn = await connectTo(listen);
  await exchange(conn, "hello");
  const drained = parts.slot.drain();

  for (let i = 0; i < 4; i++) parts.slot.checkBeat();

  await within("the drain", drained);
  assertEquals(parts.slot.restarts, 0);
});

Deno.test("a worker that cannot listen again is retried ever later, until it can", async () => {
  await using server = echo();
  await using folder = await TempFolder.create();
  const path = `${folder.path}/weir.sock`;
  const listen = `unix:${path}`;
  await using parts = await startSlot(listen, server.address);
  assertEquals(await ask(listen, "before"), "before");
  // A folder in its place, because the thread that ends would take a socket or a file with it.
  await Deno.remove(path);
  await Deno.mkdir(path);

  // So long that the first thread counts as one that ran well.
  using _later = laterBy(60_000);

  for (let i = 0; i < 4; i++) parts.slot.checkBeat();
  await eventually("three restarts", () => assertGreaterOrEqual(parts.slot.restarts, 3));

  const delays = parts.log.fieldsOf("Worker died and is replaced").map(({ delayMs }) => delayMs);
  assertEquals(delays.slice(0, 3), [0, 100, 300]);
  await Deno.remove(path);
  await eventually("the worker to serve", async () => {
    assertEquals(await ask(listen, "hello"), "hello");
  });
});

interface Parts extends AsyncDisposable {
  readonly slot: WorkerSlot;
  readonly table: SharedTable;
  readonly limits: SharedLimits;
  readonly log: MemoryLog;
  /** What a thread is told that starts from now on. */
  readonly overrides: OverrideMessage[];
  readonly events: WeirEvent[];
}

/** Moves the monotonic clock of this thread on. */
function laterBy(ms: number): Disposable {
  const now = performance.now.bind(performance);
  performance.now = () => now() + ms;
  return { [Symbol.dispose]: () => void Reflect.deleteProperty(performance, "now") };
}

function startSlot(listen: string, ...backends: string[]): Promise<Parts> {
  return startSlotWith({ listen, backends });
}

async function startSlotWith(options: LoadedConfigOptions): Promise<Parts> {
  const config = await loadedConfig(options);
  const table = SharedTable.create(shapeOf(config));
  for (const { index } of placeBackends(config)) table.setUp(index, true);
  const limits = SharedLimits.create(config, () => 0.5);
  const log = new MemoryLog();
  const guards = GuardTable.create(shapeOf(config));
  const metrics = MetricTable.create(metricShapeOf(config));
  const certificates = () => new Map();
  const plan = { config, limits, rates: [], metricPlan: metrics.plan, certificates };
  const overrides: OverrideMessage[] = [];
  const events: WeirEvent[] = [];
  const slot = new WorkerSlot({
    slot: 0,
    opensUnix: true,
    plan,
    table,
    guards,
    metrics,
    log,
    changes: () => ({ overrides, logLevel: "info" }),
    emit: (event) => events.push(event),
  });
  await within("the worker", slot.start());
  return {
    slot,
    overrides,
    events,
    table,
    limits,
    log,
    [Symbol.asyncDispose]: () => {
      slot[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}
