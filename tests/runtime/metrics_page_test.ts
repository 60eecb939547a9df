import { assert, assertEquals, assertLess } from "@std/assert";
import { placeBackends } from "../../lib/runtime/layout.ts";
import { configOf, listenerConfig, tcp, upstreamConfig } from "../support/configs.ts";
import { busyBench, MetricsBench } from "../support/metrics_source.ts";

const CONFIG = configOf([listenerConfig({ name: 'a"b', upstream: "app" })], [
  upstreamConfig("app", [tcp(1), tcp(2)]),
  upstreamConfig("unused", [tcp(3)]),
]);

Deno.test("writeMetrics() tells of each thing what the tables hold", () => {
  const b = new MetricsBench(CONFIG);
  b.table.tryOpen(0, 0, 9);
  b.table.countListener(0, 0, "queueFull", 3);
  b.table.setUp(1, true);
  b.guards.trip(1, b.guards.era(1));
  b.table.addInFlight(0, 1, 1);
  b.table.countBackend(0, 1, "bytesToClient", 5e9);
  b.limits.table.showQueue(0, 0, 4, 1);
  b.report = { passed: 8, failed: 2, suspicion: 1.5 };
  const meters = b.metrics.metersOf(0);
  meters.listener(0).sent(77);
  meters.listener(0).rejected("no_backend");
  meters.listener(0).to(0).retried("connect");
  meters.waited(0, 20);

  const lines = new Set(b.page().split("\n"));

  const backend = 'upstream="app",backend="192.0.2.1:2"';
  for (
    const line of [
      'weir_build_info{version="1.2.3"} 1',
      "weir_ready 1",
      "weir_worker_restarts_total 2",
      "weir_log_records_dropped_total 7",
      "process_resident_memory_bytes 100000000",
      "process_start_time_seconds 1.5",
      'weir_connections_active{listener="a\\"b"} 1',
      'weir_bytes_total{listener="a\\"b",direction="out"} 77',
      'weir_rejected_total{listener="a\\"b",reason="queue_full"} 3',
      'weir_rejected_total{listener="a\\"b",reason="no_backend"} 1',
      'weir_queue_length{upstream="app"} 4',
      'weir_queue_wait_seconds_count{upstream="app"} 1',
      'weir_queue_wait_seconds_bucket{upstream="app",le="0.025"} 1',
      'weir_queue_wait_seconds_bucket{upstream="app",le="0.01"} 0',
      'weir_retries_total{upstream="app",reason="connect"} 1',
      'weir_panic{upstream="app"} 0',
      `weir_backend_up{${backend}} 1`,
      `weir_circuit_state{${backend}} 2`,
      `weir_backend_in_flight{${backend}} 1`,
      `weir_backend_weight{${backend}} 1`,
      `weir_backend_bytes_total{${backend},direction="in"} 5000000000`,
      `weir_backend_health_checks_total{${backend},result="failed"} 2`,
      `weir_backend_phi{${backend}} 1.5`,
      'weir_backend_up{upstream="unused",backend="192.0.2.1:3"} 0',
    ]
  ) assert(lines.has(line), line);
});

Deno.test("writeMetrics() tells who answered: a backend, Weir in its stead, or Weir for no upstream", () => {
  const b = new MetricsBench(CONFIG);
  const meter = b.metrics.metersOf(0).listener(0);
  meter.to(0).ended(200, 1, 3);
  meter.to(0).ended(502, undefined, 3);
  meter.answered(404);

  const requests = b.page().split("\n").filter((line) => line.startsWith("weir_requests_total{"));

  assertEquals(requests, [
    'weir_requests_total{listener="a\\"b",upstream="",backend="",code="404"} 1',
    'weir_requests_total{listener="a\\"b",upstream="app",backend="",code="502"} 1',
    'weir_requests_total{listener="a\\"b",upstream="app",backend="192.0.2.1:2",code="200"} 1',
  ]);
});

Deno.test("writeMetrics() writes no series twice, none without its type, and the same again", () => {
  const b = busyBench(60, 20);

  const page = b.page();

  const lines = page.trimEnd().split("\n");
  const types = new Set<string>();
  const series = new Set<string>();
  for (const line of lines) {
    const [, name] = /^# TYPE (\S+) /.exec(line) ?? [];
    if (name !== undefined) {
      assert(!types.has(name), `${name} begins twice`);
      types.add(name);
    }
    if (line.startsWith("#")) continue;
    const [, id, value] = /^(\S+) (\S+)$/.exec(line) ?? [];
    assert(id !== undefined && Number.isFinite(Number(value)), line);
    assert(!series.has(id), `${id} is there twice`);
    series.add(id);
    const family = id.replace(/\{.*/, "");
    assert(types.has(family) || types.has(family.replace(/_(bucket|sum|count)$/, "")), line);
  }
  assertEquals(b.page(), page);
});

Deno.test("writeMetrics() takes a fraction of a second for 1,000 backends", () => {
  const b = busyBench(1000, 100);
  b.page();
  let bestMs = Infinity;
  for (let round = 0; round < 5; round++) {
    const startMs = performance.now();
    b.page();
    bestMs = Math.min(bestMs, performance.now() - startMs);
  }

  // 10 ms on an idle machine; the bound leaves room for one with much else to do.
  assertLess(bestMs, 250);
});

Deno.test("writeMetrics() tells the weight in force and the state that operators want", () => {
  const bench = busyBench(2, 2);
  const [first] = placeBackends(bench.config);
  bench.overrides.change(first!, { weight: 7, state: "maintenance" });
  const lines = bench.page().split("\n");
  const [weight, state] = ["weight", "state"].map((name) => {
    return lines.filter((line) => line.startsWith(`weir_backend_${name}{`))
      .map((line) => Number(line.split(" ").at(-1)));
  });

  assertEquals([weight, state], [[7, 1], [2, 0]]);
});
