import { assertEquals } from "@std/assert";
import { GuardTable } from "../../lib/core/guard_table.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { MetricTable } from "../../lib/metrics/metric_table.ts";
import { Guards } from "../../lib/runtime/guards.ts";
import { metricShapeOf, placeBackends, shapeOf } from "../../lib/runtime/layout.ts";
import { SharedLimits } from "../../lib/runtime/shared_limits.ts";
import { systemClock } from "../../lib/runtime/system_clock.ts";
import { WorkerSlot } from "../../lib/runtime/worker_slot.ts";
import { ask, connectTo, listenTo } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { loadedConfig } from "../support/loaded_config.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { eachChunk, TestServer, writeAll } from "../support/servers.ts";
import { eventually, within } from "../support/wait.ts";

Deno.test("a worker that is replaced gives back the trial that it held, and the circuit closes", async () => {
  let served = 0;
  // Says nothing on its first connection, so that the trial goes on until its thread dies.
  await using backend = new TestServer(async (conn, disposed) => {
    if (served++ === 0) return await disposed;
    await eachChunk(conn, (chunk) => writeAll(conn, chunk));
  });
  const listen = freeAddress();
  const config = await loadedConfig({
    listen,
    backends: [backend.address],
    upstream: {
      panic_threshold: 0,
      // So long that nothing else makes an end of the trial.
      circuit_breaker: { failures: 1, open: "1h", half_open_requests: 1 },
    },
  });
  const table = SharedTable.create(shapeOf(config));
  for (const { index } of placeBackends(config)) table.setUp(index, true);
  const limits = SharedLimits.create(config, () => 0.5);
  const guards = GuardTable.create(shapeOf(config));
  const log = new MemoryLog();
  const metrics = MetricTable.create(metricShapeOf(config));
  const certificates = () => new Map();
  const plan = { config, limits, rates: [], metricPlan: metrics.plan, certificates };
  using slot = new WorkerSlot({
    slot: 0,
    opensUnix: true,
    plan,
    table,
    guards,
    metrics,
    log,
    changes: () => ({ overrides: [], logLevel: "info" }),
    emit: () => {},
  });
  await within("the worker", slot.start());
  guards.trip(0, guards.era(0));
  guards.halfOpen(0);
  using _trial = await connectTo(listen);
  await eventually("the trial", () => assertEquals(guards.state(0).taken, 1));
  assertEquals(await listenTo(listen), "");

  // As in `worker_replaced_test.ts`: its event loop seems to have stopped.
  for (let i = 0; i < 4; i++) slot.checkBeat();

  assertEquals([guards.state(0).circuit, guards.state(0).taken], ["half_open", 0]);
  using _guards = new Guards({
    config,
    table,
    guards,
    clock: systemClock,
    random: () => 0,
    log,
    post: (message) => slot.post(message),
  });
  await eventually("another trial", async () => assertEquals(await ask(listen, "hello"), "hello"));
  await eventually("the circuit", () => assertEquals(guards.state(0).circuit, "closed"));
  assertEquals(slot.restarts, 1);
});
