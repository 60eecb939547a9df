import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import type { Config, ListenerConfig, UpstreamConfig } from "../../lib/config/types.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { MetricTable } from "../../lib/metrics/metric_table.ts";
import { DataPlane } from "../../lib/runtime/data_plane.ts";
import { metricShapeOf, type PlacedConfig } from "../../lib/runtime/layout.ts";
import { ListenError } from "../../lib/runtime/listen_error.ts";
import { PlaceBook } from "../../lib/runtime/place_book.ts";
import { SharedLimits } from "../../lib/runtime/shared_limits.ts";
import { configOf, listenerConfig, tcp, upstreamConfig } from "../support/configs.ts";
import { settled } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { MemoryTransport } from "../support/memory_transport.ts";

const SHAPE = { workers: 1, listeners: 4, upstreams: 4, backends: 8 };
const PORTS = [1001, 1002, 1003] as const;

/** A data plane that is taken from one configuration to the next. */
class ReloadBench implements Disposable {
  readonly transport = new MemoryTransport();
  readonly table = SharedTable.create(SHAPE);
  readonly metrics = new MetricTable(new SharedArrayBuffer(2 ** 20), 1);
  readonly book = new PlaceBook(SHAPE);
  readonly plane: DataPlane;

  constructor(config: Config) {
    for (const port of PORTS) this.transport.listen(tcp(port));
    for (let place = 0; place < SHAPE.backends; place++) this.table.setUp(place, true);
    const plan = this.plan(config);
    this.plane = new DataPlane({
      ...plan,
      table: this.table,
      metrics: this.metrics,
      worker: 0,
      transport: this.transport,
      now: () => performance.now(),
      random: () => 0.5,
      log: new MemoryLog(),
    });
    // Ends with the bench.
    void this.plane.run();
  }

  plan(config: Config) {
    const placed: PlacedConfig = { ...config, layout: this.book.assign(config)! };
    assert(this.metrics.assign(metricShapeOf(placed)));
    const limits = SharedLimits.create(placed, () => 0.5);
    return { config: placed, limits, metricPlan: this.metrics.plan };
  }

  reload(config: Config): void {
    this.plane.prepare(this.plan(config));
    this.plane.commit();
  }

  async connect(port: number, count = 1) {
    const signal = new AbortController().signal;
    const clients = await Promise.all(
      Array.from({ length: count }, () => this.transport.connect(tcp(port), signal)),
    );
    await settled();
    return clients;
  }

  /** Connections dialled to each backend since the last look. */
  dialled(): number[] {
    const names = this.transport.dialled.splice(0);
    return PORTS.map((port) => names.filter((name) => name.endsWith(`:${port}`)).length);
  }

  [Symbol.dispose](): void {
    this.plane[Symbol.dispose]();
  }
}

function configWith(
  ports: readonly number[],
  upstream: Partial<UpstreamConfig> = {},
  listeners: readonly ListenerConfig[] = [listenerConfig()],
): Config {
  return configOf(listeners, [{ ...upstreamConfig("app", ports.map(tcp)), ...upstream }]);
}

Deno.test("DataPlane.commit() sends new connections by the new configuration, and leaves open ones alone", async () => {
  using b = new ReloadBench(configWith([1001]));
  const [old] = await b.connect(80);
  assertEquals(b.dialled(), [1, 0, 0]);

  b.reload(configWith([1002, 1003]));
  await b.connect(80, 4);

  assertEquals(b.dialled(), [0, 2, 2]);
  assertEquals(old!.inputEnded, false);
  assertEquals(b.table.inFlight(0), 1);
});

Deno.test("DataPlane.prepare() changes nothing before commit(), and nothing at all after cancel()", async () => {
  using b = new ReloadBench(configWith([1001]));

  b.plane.prepare(b.plan(configWith([1002], {}, [listenerConfig({ address: tcp(81) })])));
  await b.connect(80, 2);
  assertEquals(b.dialled(), [2, 0, 0]);
  b.plane.cancel();
  b.plane.commit();
  await b.connect(80, 2);

  assertEquals([b.dialled(), b.transport.isListening(tcp(81))], [[2, 0, 0], false]);
});

Deno.test("DataPlane.prepare() opens no listener when one of them cannot be opened", () => {
  using b = new ReloadBench(configWith([1001]));
  const listeners = [81, 1003].map((port) => {
    return listenerConfig({ name: `on ${port}`, address: tcp(port) });
  });

  const error = assertThrows(() => b.plane.prepare(b.plan(configWith([1001], {}, listeners))));

  assertInstanceOf(error, ListenError);
  assertEquals(error.listener, "on 1003");
  assertEquals([80, 81].map((port) => b.transport.isListening(tcp(port))), [true, false]);
});

Deno.test("DataPlane.commit() goes on with an upstream's rotation and loads where only servers change", async () => {
  using b = new ReloadBench(configWith([1001, 1002], { algorithm: "least_connections" }));
  await b.connect(80, 4);
  b.dialled();

  b.reload(configWith([1001, 1002, 1003], { algorithm: "least_connections" }));
  await b.connect(80, 2);

  // The new one has none yet, the others two each.
  assertEquals(b.dialled(), [0, 0, 2]);
});

Deno.test("DataPlane.commit() counts what is in flight for another algorithm too", async () => {
  using b = new ReloadBench(configWith([1001]));
  await b.connect(80, 3);
  b.dialled();

  b.reload(configWith([1001, 1002], { algorithm: "least_connections" }));
  await b.connect(80, 3);

  assertEquals(b.dialled(), [0, 3, 0]);
});

Deno.test("DataPlane.commit() takes health that changed since prepare() into account", async () => {
  using b = new ReloadBench(configWith([1001]));

  b.plane.prepare(b.plan(configWith([1001, 1002], { algorithm: "first" })));
  b.table.setUp(0, false);
  b.plane.hear({ type: "health", backend: 0, available: false });
  b.plane.commit();
  await b.connect(80, 2);

  assertEquals(b.dialled(), [0, 2, 0]);
});

Deno.test("DataPlane.commit() cuts what is left on servers and listeners that are no more, after a time", async () => {
  using b = new ReloadBench({ ...configWith([1001, 1002]), shutdownTimeoutMs: 1000 });
  const clients = await b.connect(80, 2);

  b.reload({ ...configWith([1002]), shutdownTimeoutMs: 50 });
  const ended = () => clients.filter(({ inputEnded }) => inputEnded).length;
  assertEquals(ended(), 0);
  while (ended() === 0) await new Promise((resolve) => setTimeout(resolve, 10));

  assertEquals([ended(), b.table.inFlight(0), b.table.inFlight(1)], [1, 0, 1]);
});

Deno.test("DataPlane.drain() after reloads waits for the connections of closed listeners too", async () => {
  using b = new ReloadBench(configWith([1001]));
  const [client] = await b.connect(80);
  b.reload(configWith([1001], {}, [listenerConfig({ address: tcp(81) })]));
  let isDrained = false;

  const drained = b.plane.drain().then(() => isDrained = true);
  await settled();
  assert(!isDrained);
  b.plane.abort();
  await drained;

  assert(client!.inputEnded);
});
