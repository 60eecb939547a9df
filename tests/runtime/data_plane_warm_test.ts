import { assertEquals } from "@std/assert";
import type { Config, HttpListenerConfig, PoolConfig } from "../../lib/config/types.ts";
import { GuardTable } from "../../lib/core/guard_table.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { DataPlane } from "../../lib/runtime/data_plane.ts";
import { SharedLimits } from "../../lib/runtime/shared_limits.ts";
import { MetricTable } from "../../lib/metrics/metric_table.ts";
import { metricShapeOf, shapeOf } from "../../lib/runtime/layout.ts";
import { configOf, listenerConfig, tcp, upstreamConfig } from "../support/configs.ts";
import { FakeClock, settled } from "../support/fake_clock.ts";
import type { MemoryConn } from "../support/memory_conn.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { MemoryTransport } from "../support/memory_transport.ts";

const POOL: PoolConfig = { ...upstreamConfig("", []).pool, warm: 2, idleTimeoutMs: 60_000 };
const NO_CHANGES = { remove: [], set: [], add: [] };

/** One thread before two backends at ports 1000 and 1001, over TCP and over HTTP. */
class WarmPlane implements Disposable {
  readonly transport = new MemoryTransport();
  readonly acceptors = [1000, 1001].map((port) => this.transport.listen(tcp(port)));
  readonly clock = new FakeClock(1000);
  readonly table: SharedTable;
  readonly guards: GuardTable;
  readonly plane: DataPlane;
  /** Weir's ends of its connections to backends. */
  readonly inner: MemoryConn[] = [];

  constructor(config: Config, down: readonly number[] = []) {
    this.table = SharedTable.create(shapeOf(config));
    this.guards = GuardTable.create(shapeOf(config));
    for (let index = 0; index < this.table.shape.backends; index++) {
      this.table.setUp(index, !down.includes(index));
    }
    this.plane = new DataPlane({
      config,
      table: this.table,
      guards: this.guards,
      limits: SharedLimits.create(config, () => 0.5),
      metrics: MetricTable.create(metricShapeOf(config)),
      worker: 0,
      transport: this.transport,
      now: this.clock.now,
      random: () => 0.5,
      log: new MemoryLog(),
    });
    const connect = this.transport.connect.bind(this.transport);
    this.transport.connect = async (address, signal) => {
      const conn = await connect(address, signal);
      this.inner.push(conn);
      return conn;
    };
  }

  async start(): Promise<void> {
    void this.plane.run();
    await settled();
  }

  /** Connections dialled to each of the backends. */
  get dialled(): number[] {
    return [1000, 1001].map((port) =>
      this.transport.dialled.filter((address) => address.endsWith(`:${port}`)).length
    );
  }

  /** Ejects one backend as another thread would, or takes it back. */
  eject(backend: number, isOut = true): void {
    if (isOut) this.guards.eject(backend, 0, { era: this.guards.era(backend), most: 2 });
    else this.guards.admit(backend, 0);
    this.plane.hear({ type: "ejection", backend });
    // No news, but the upstream is swept for it, as it is each second.
    this.plane.hear({ type: "health", backend, available: true });
  }

  get open(): number {
    return this.inner.filter(({ closes }) => closes === 0).length;
  }

  [Symbol.dispose](): void {
    this.plane[Symbol.dispose]();
  }
}

function configFor(protocol: "tcp" | "http", weights: readonly number[] = [1, 1]): Config {
  const upstream = upstreamConfig("app", [tcp(1000), tcp(1001)]);
  const backends = upstream.backends.map((spec, i) => ({ ...spec, weight: weights[i]! }));
  const listener = protocol === "tcp" ? listenerConfig() : httpListener("app");
  return configOf([listener], [{ ...upstream, backends, pool: POOL }]);
}

function httpListener(upstream: string): HttpListenerConfig {
  return {
    name: "web",
    protocol: "http",
    address: tcp(80),
    maxConnections: 100,
    tunnelTimeoutMs: 10_000,
    routes: [{
      match: {},
      action: { kind: "forward", split: [{ upstream, weight: 1 }] },
      requestHeaders: NO_CHANGES,
      responseHeaders: NO_CHANGES,
    }],
    limits: { headBytes: 16_384, fieldCount: 50, bodyBytes: 0 },
    headerTimeoutMs: 1000,
    bodyTimeoutMs: 1000,
    idleTimeoutMs: 1000,
    trustedProxies: [],
  };
}

for (const protocol of ["tcp", "http"] as const) {
  Deno.test(`DataPlane over ${protocol} has connections ready as soon as it runs`, async () => {
    using b = new WarmPlane(configFor(protocol));

    await b.start();

    assertEquals([b.dialled, b.open], [[2, 2], 4]);
    assertEquals([b.table.inFlight(0), b.table.inFlight(1)], [0, 0]);
    assertEquals(b.table.backendTotal(0, "connections"), 0);
  });

  Deno.test(`DataPlane over ${protocol} keeps none ready to a backend that is down or drained`, async () => {
    using down = new WarmPlane(configFor(protocol), [0]);
    await down.start();
    assertEquals(down.dialled, [0, 2]);
    using drained = new WarmPlane(configFor(protocol, [1, 0]));
    await drained.start();

    assertEquals(drained.dialled, [2, 0]);
  });

  Deno.test(`DataPlane over ${protocol} drops those to a backend that goes down, and opens new ones when it returns`, async () => {
    using b = new WarmPlane(configFor(protocol));
    await b.start();

    b.plane.hear({ type: "health", backend: 0, available: false });
    assertEquals(b.open, 2);
    b.plane.hear({ type: "health", backend: 1, available: false });
    assertEquals(b.open, 0);
    await settled();
    assertEquals(b.dialled, [2, 2]);
    b.plane.hear({ type: "health", backend: 0, available: true });
    await settled();

    assertEquals([b.dialled, b.open], [[4, 2], 2]);
  });

  Deno.test(`DataPlane over ${protocol} drops those to a backend that is ejected, and opens new ones when it returns`, async () => {
    using b = new WarmPlane(configFor(protocol));
    await b.start();

    b.eject(0);
    await settled();
    assertEquals([b.dialled, b.open], [[2, 2], 2]);
    b.eject(0, false);
    await settled();

    assertEquals([b.dialled, b.open], [[4, 2], 4]);
  });

  Deno.test(`DataPlane over ${protocol} keeps those to an ejected backend that is tried in panic`, async () => {
    const { listeners, upstreams } = configFor(protocol);
    const panicking = upstreams.map((one) => ({ ...one, panicThreshold: 100 }));
    using b = new WarmPlane(configOf(listeners, panicking));
    await b.start();

    b.eject(0);
    await settled();

    assertEquals([b.dialled, b.open], [[2, 2], 4]);
  });

  Deno.test(`DataPlane over ${protocol} opens none once it drains, and closes all at its end`, async () => {
    using b = new WarmPlane(configFor(protocol));
    await b.start();

    await b.plane.drain();
    b.plane.hear({ type: "health", backend: 0, available: false });
    b.plane.hear({ type: "health", backend: 0, available: true });
    await settled();
    assertEquals(b.dialled, [2, 2]);
    b.plane[Symbol.dispose]();

    assertEquals([b.open, b.table.openToBackend(0), b.table.openToBackend(1)], [0, 0, 0]);
  });

  Deno.test(`DataPlane over ${protocol} leaves nothing behind of connections that are being opened`, async () => {
    for (const end of ["drain", "dispose"]) {
      using b = new WarmPlane(configFor(protocol));
      const running = b.plane.run();

      if (end === "drain") await b.plane.drain();
      else b.plane[Symbol.dispose]();
      await running;
      await settled();

      assertEquals([b.open, b.table.openToBackend(0)], [0, 0], end);
    }
  });
}

Deno.test("DataPlane closes the idle connections of TCP listeners when it drains", async () => {
  using b = new WarmPlane(configFor("tcp"));
  await b.start();

  await b.plane.drain();

  assertEquals(b.open, 0);
});

Deno.test("DataPlane keeps none ready for HTTP to an upstream that no route leads to", async () => {
  const [used, spare] = [upstreamConfig("used", [tcp(1000)]), upstreamConfig("spare", [tcp(1001)])];
  const config = configOf([httpListener("used")], [{ ...used, pool: POOL }, {
    ...spare,
    pool: POOL,
  }]);
  using b = new WarmPlane(config);

  await b.start();

  assertEquals(b.dialled, [2, 0]);
});

Deno.test("DataPlane opens nothing ahead of need unless it is told to", async () => {
  const upstream = upstreamConfig("app", [tcp(1000), tcp(1001)]);
  using b = new WarmPlane(configOf([listenerConfig()], [upstream]));

  await b.start();

  assertEquals(b.dialled, [0, 0]);
});

Deno.test("DataPlane shares what is ready between the TCP listeners of an upstream", async () => {
  const [front, back] = [listenerConfig(), listenerConfig({ name: "back", address: tcp(81) })];
  const upstream = { ...upstreamConfig("app", [tcp(1000)]), pool: POOL };
  using b = new WarmPlane(configOf([front, back], [upstream]));
  await b.start();
  assertEquals(b.dialled, [2, 0]);

  const { signal } = new AbortController();
  b.acceptors[0]?.[Symbol.dispose]();
  for (const port of [80, 81]) await b.transport.connect(tcp(port), signal);
  await settled();

  // Without a connection that was ready, they would have been refused.
  assertEquals(b.table.inFlight(0), 2);
});
