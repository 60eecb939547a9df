import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import type { Config } from "../../lib/config/types.ts";
import { GuardTable } from "../../lib/core/guard_table.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { DataPlane } from "../../lib/runtime/data_plane.ts";
import { ListenError } from "../../lib/runtime/listen_error.ts";
import { metricShapeOf, shapeOf } from "../../lib/runtime/layout.ts";
import { Overrides } from "../../lib/runtime/overrides.ts";
import { SharedLimits } from "../../lib/runtime/shared_limits.ts";
import { listenerStatus, upstreamStatus } from "../../lib/runtime/status.ts";
import { configOf, listenerConfig, tcp, upstreamConfig } from "../support/configs.ts";
import { settled } from "../support/fake_clock.ts";
import type { MemoryConn } from "../support/memory_conn.ts";
import { MetricTable } from "../../lib/metrics/metric_table.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { type MemoryAcceptor, MemoryTransport } from "../support/memory_transport.ts";
import { isSettled } from "../support/tcp_bench.ts";

/** Two listeners: "web" on port 80 before backends 1001 and 1002, "db" on 90 before 1003. */
const CONFIG = configOf([
  listenerConfig({ name: "web", address: tcp(80), upstream: "web" }),
  listenerConfig({ name: "db", address: tcp(90), upstream: "db" }),
], [upstreamConfig("web", [tcp(1001), tcp(1002)]), upstreamConfig("db", [tcp(1003)])]);

class PlaneBench implements Disposable {
  readonly transport = new MemoryTransport();
  readonly backends: readonly MemoryAcceptor[];
  readonly table: SharedTable;
  readonly limits: SharedLimits;
  readonly metrics: MetricTable;
  readonly log = new MemoryLog();
  readonly plane: DataPlane;
  readonly running: Promise<void>;

  constructor(config: Config = CONFIG, down: readonly number[] = []) {
    this.backends = [1001, 1002, 1003].map((port) => this.transport.listen(tcp(port)));
    this.table = SharedTable.create(shapeOf(config));
    for (let index = 0; index < this.table.shape.backends; index++) {
      this.table.setUp(index, !down.includes(index));
    }
    this.limits = SharedLimits.create(config, () => 0.5);
    this.metrics = MetricTable.create(metricShapeOf(config));
    this.plane = new DataPlane({
      config,
      table: this.table,
      limits: this.limits,
      metrics: this.metrics,
      worker: 0,
      transport: this.transport,
      now: () => performance.now(),
      random: () => 0.5,
      log: this.log,
    });
    this.running = this.plane.run();
  }

  /** Connections to a listener; resolves once they have had time to reach a backend. */
  async connect(port: number, count = 1): Promise<MemoryConn[]> {
    const signal = new AbortController().signal;
    const clients = await Promise.all(
      Array.from({ length: count }, () => this.transport.connect(tcp(port), signal)),
    );
    await settled();
    return clients;
  }

  /** Work in flight by place in the table. */
  get loads(): number[] {
    return [0, 1, 2].map((index) => this.table.inFlight(index));
  }

  [Symbol.dispose](): void {
    this.plane[Symbol.dispose]();
  }
}

Deno.test("DataPlane carries each listener's connections to its own upstream", async () => {
  using b = new PlaneBench();

  await b.connect(80, 4);
  await b.connect(90, 3);

  assertEquals(b.loads, [2, 2, 3]);
  assertEquals([b.table.active(0), b.table.active(1)], [4, 3]);
});

Deno.test("DataPlane carries bytes and gives everything back at the end", async () => {
  using b = new PlaneBench();
  const [client] = await b.connect(90);
  const server = await b.backends[2]!.take();

  await client!.send(new Uint8Array([1, 2]));
  await client!.closeWrite();
  await server.send(await server.receive());
  await server.closeWrite();

  assertEquals(await client!.receive(), new Uint8Array([1, 2]));
  await settled();
  assertEquals([b.loads, b.table.active(1)], [[0, 0, 0], 0]);
  assertEquals(b.table.backendTotal(2, "bytesToClient"), 2);
});

Deno.test("DataPlane.hear() takes a backend out of the rotation and in again", async () => {
  using b = new PlaneBench();

  b.plane.hear({ type: "health", backend: 0, available: false });
  b.plane.hear({ type: "health", backend: 77, available: false });
  await b.connect(80, 4);
  assertEquals(b.loads, [0, 4, 0]);
  b.plane.hear({ type: "health", backend: 0, available: true });
  await b.connect(80, 4);

  assertEquals(b.loads, [2, 6, 0]);
});

Deno.test("DataPlane starts with the health that the table knows", async () => {
  using b = new PlaneBench(CONFIG, [1]);

  await b.connect(80, 3);

  assertEquals(b.loads, [3, 0, 0]);
});

Deno.test("DataPlane.drain() closes the listeners and waits for the last connection", async () => {
  using b = new PlaneBench();
  const [client] = await b.connect(80);
  const server = await b.backends[0]!.take();

  const drained = b.plane.drain();
  await b.running;
  const [late] = await Promise.allSettled([b.connect(80)]);
  assertEquals(late.status, "rejected");
  assertEquals(await isSettled(drained), false);
  await client!.closeWrite();
  await server.closeWrite();

  await drained;
  assertEquals(b.loads, [0, 0, 0]);
});

Deno.test("DataPlane.abort() cuts what is open", async () => {
  using b = new PlaneBench();
  const clients = [...await b.connect(80, 3), ...await b.connect(90, 2)];
  const drained = b.plane.drain();

  b.plane.abort();
  await drained;

  assertEquals(clients.every(({ inputEnded }) => inputEnded), true);
  assertEquals([b.loads, b.table.active(0), b.table.active(1)], [[0, 0, 0], 0, 0]);
});

Deno.test("DataPlane names the listener that cannot be opened and leaves none open", () => {
  const transport = new MemoryTransport();
  const table = SharedTable.create(shapeOf(CONFIG));
  const limits = SharedLimits.create(CONFIG, () => 0.5);
  const metrics = MetricTable.create(metricShapeOf(CONFIG));
  const tables = { table, limits, metrics };
  const deps = { config: CONFIG, ...tables, worker: 0, transport, log: new MemoryLog() };
  const create = () => new DataPlane({ ...deps, now: () => 0, random: () => 0.5 });
  const taken = transport.listen(tcp(90));

  const error = assertThrows(create, ListenError, "Address already in use");

  assertInstanceOf(error, ListenError);
  assertEquals(error.listener, "db");
  // Both are free again.
  taken[Symbol.dispose]();
  create()[Symbol.dispose]();
});

Deno.test("DataPlane opens a Unix socket on the first thread alone", () => {
  const address = { kind: "unix", path: "/run/weir-test.sock" } as const;
  const config = configOf([listenerConfig({ address, upstream: "db" })], [
    upstreamConfig("db", [tcp(1003)]),
  ]);
  const opened = [0, 1].map((worker) => {
    const transport = new MemoryTransport();
    const table = SharedTable.create({ ...shapeOf(config), workers: 2 });
    const limits = SharedLimits.create(config, () => 0.5);
    const metrics = MetricTable.create({ ...metricShapeOf(config), workers: 2 });
    const tables = { table, limits, metrics };
    const opensUnix = worker === 0;
    const deps = { config, ...tables, worker, opensUnix, transport, log: new MemoryLog() };
    using _plane = new DataPlane({ ...deps, now: () => 0, random: () => 0.5 });
    return transport.isListening(address);
  });

  assertEquals(opened, [true, false]);
});

Deno.test("listenerStatus() and upstreamStatus() tell what the table holds", async () => {
  using b = new PlaneBench(CONFIG, [1]);
  await b.connect(80, 2);

  const [web, db] = listenerStatus(CONFIG, b);
  const upstreams = upstreamStatus(CONFIG, {
    table: b.table,
    limits: b.limits.table,
    guards: GuardTable.create(shapeOf(CONFIG)),
    health: { reportOf: () => undefined },
    overrides: new Overrides(),
    nowMs: 0,
  });

  assertEquals([web!.name, web!.active, web!.accepted, web!.address], [
    "web",
    2,
    2,
    "192.0.2.1:80",
  ]);
  assertEquals([db!.name, db!.active, db!.protocol], ["db", 0, "tcp"]);
  assertEquals(
    upstreams.map(({ name, backends }) => [name, ...backends.map(({ id }) => id)]),
    [["web", "192.0.2.1:1001", "192.0.2.1:1002"], ["db", "192.0.2.1:1003"]],
  );
  assertEquals(
    upstreams[0]!.backends.map(({ up, inFlight, connections }) => [up, inFlight, connections]),
    [[true, 2, 2], [false, 0, 0]],
  );
});
