import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ALGORITHMS } from "../../lib/balancer/registry.ts";
import { parseFlags, UsageError } from "../../lib/cli/flags.ts";
import { SIMULATE_FLAGS } from "../../lib/cli/simulate_flags.ts";
import { readPlan } from "../../lib/cli/simulate_plan.ts";
import { loadConfigText, systemEnvironment } from "../../lib/config/load.ts";
import type { UpstreamConfig } from "../../lib/config/types.ts";
import type { Plan } from "../../lib/simulate/plan.ts";
import { TempFolder } from "../support/paths.ts";

function plan(line: string, upstream?: UpstreamConfig): Plan {
  return readPlan(parseFlags(line.split(" ").filter(Boolean), SIMULATE_FLAGS), upstream);
}

Deno.test("readPlan() without flags compares all algorithms at load 0.7", () => {
  const { algorithms, backends, concurrency, load, limit, durationMs, faults } = plan("");

  assertEquals(algorithms, Object.keys(ALGORITHMS));
  assertEquals([backends.length, concurrency, faults.length], [10, 1, 0]);
  assertEquals(limit, { requests: 100_000, durationMs: Infinity });
  assertEquals(load, {
    kind: "poisson",
    ratePerS: 700,
    service: { distribution: "exponential", meanMs: 10 },
    keys: { count: 10_000, zipf: 0.7 },
  });
  assertAlmostEquals(durationMs, 100_000 / 0.7, 1e-6);
});

Deno.test("readPlan() takes heavier backends to be faster, and capacity to be as large", () => {
  const { backends, speeds, load } = plan("--weights 3,1,2,0 --concurrency 2");

  assertEquals(backends.map(({ weight }) => weight), [3, 1, 2, 0]);
  assertEquals(speeds, [1.5, 0.5, 1, 1]);
  assertAlmostEquals(load.kind === "poisson" ? load.ratePerS : NaN, 0.7 * 3 * 2 * 100, 1e-6);
});

Deno.test("readPlan() counts no backup as capacity", async () => {
  const loaded = await loadConfigText(
    "weir.yaml",
    `
    listeners: [{ address: "127.0.0.1:8080", upstream: app }]
    upstreams:
      app: { backends: [{ address: "a:1" }, { address: "b:1" }, { address: "c:1", backup: true }] }
  `,
    systemEnvironment(),
  );
  assert(loaded.ok);

  const { load } = plan("", loaded.config.upstreams[0]);

  assertAlmostEquals(load.kind === "poisson" ? load.ratePerS : NaN, 0.7 * 2 * 100, 1e-6);
});

Deno.test("readPlan() repeats weights and speeds over all backends", () => {
  const { backends, speeds } = plan("--backends 5 --weights 3,1 --speeds 1,0.5");

  assertEquals(backends.map(({ weight }) => weight), [3, 1, 3, 1, 3]);
  assertEquals(speeds, [1, 0.5, 1, 0.5, 1]);
});

Deno.test("readPlan() lets arrivals end by time", () => {
  const { limit, durationMs } = plan("--duration 30s --rate 500");

  assertEquals([limit, durationMs], [{ requests: Infinity, durationMs: 30_000 }, 30_000]);
});

Deno.test("readPlan() adds faults to those of the scenario", () => {
  const { scenario, faultTexts, faults } = plan(
    "--scenario crash --fault slow:1:2x --fault cold:2 --duration 100s",
  );

  assertEquals([scenario, faultTexts], ["crash", ["crash:0@25%-60%", "slow:1:2x", "cold:2"]]);
  assertEquals(faults[0], {
    backend: 0,
    trouble: { kind: "away", span: { fromMs: 25_000, toMs: 60_000 }, cuts: true },
  });
});

Deno.test("readPlan() takes the keys of a scenario unless flags say otherwise", () => {
  const keysOf = ({ load }: Plan) => load.kind === "replay" ? undefined : load.keys;

  assertEquals(keysOf(plan("--scenario hot-keys")), { count: 10_000, zipf: 1.1 });
  assertEquals(keysOf(plan("--scenario hot-keys --zipf 2")), { count: 10_000, zipf: 2 });
});

Deno.test("readPlan() has more keys where there are more backends", () => {
  const keysOf = ({ load }: Plan) => load.kind === "replay" ? undefined : load.keys.count;

  assertEquals(keysOf(plan("")), 10_000);
  assertEquals(keysOf(plan("--backends 10000")), 1_000_000);
  assertEquals(keysOf(plan("--backends 10000 --keys 5")), 5);
});

Deno.test("readPlan() takes the number of backends from a scenario unless flags say otherwise", () => {
  assertEquals(plan("--scenario one-bad").backends.length, 101);
  assertEquals(plan("--scenario one-bad --backends 3").backends.length, 3);
  assertEquals(plan("--scenario one-bad --weights 1,2").backends.length, 2);
});

Deno.test("readPlan() takes from a configuration what contains failures", async () => {
  const loaded = await loadConfigText(
    "weir.yaml",
    `
    listeners: [{ address: "127.0.0.1:8080", upstream: app }]
    upstreams:
      app:
        backends: [{ address: "a:1", max_connections: 7 }, { address: "b:1" }]
        health_check: { interval: 7s, detector: phi_accrual, initial: down }
        circuit_breaker: { failures: 9 }
        outlier_detection: { consecutive_failures: 8 }
        panic_threshold: 33
        concurrency: { algorithm: vegas }
        queue: { size: 5 }
  `,
    systemEnvironment(),
  );
  assertEquals(loaded.ok, true, JSON.stringify(loaded));
  const upstream = loaded.ok ? loaded.config.upstreams[0] : undefined;

  const configured = plan("", upstream);

  assertEquals(configured.backends[0]?.maxConnections, 7);
  assertEquals(configured.check?.detector.kind, "phi_accrual");
  assertEquals(configured.check?.initial, "down");
  assertEquals(configured.circuitBreaker?.failures, 9);
  assertEquals(configured.outlierDetection?.consecutiveFailures, 8);
  assertEquals(configured.panicThreshold, 33);
  assertEquals([configured.adaptiveLimit?.algorithm, configured.queue?.size], ["vegas", 5]);
});

Deno.test("readPlan() knows clients that wait", () => {
  const { load, durationMs } = plan("--arrivals closed --clients 50 --think 90ms --requests 1000");

  assertEquals(load.kind === "closed" && [load.clients, load.thinkMs], [50, 90]);
  assertEquals(durationMs, 2000);
});

Deno.test("readPlan() knows algorithms by all their names", () => {
  assertEquals(plan("--algorithm least_conn").algorithms, ["least_connections"]);
  assertEquals(plan("--algorithm least_conn,round_robin,least_connections").algorithms, [
    "least_connections",
    "round_robin",
  ]);
});

Deno.test("readPlan() takes from a configuration what it says", async () => {
  const loaded = await loadConfigText(
    "weir.yaml",
    `
    listeners: [{ address: "127.0.0.1:8080", upstream: app }]
    upstreams:
      app:
        algorithm: least_connections
        backends: [{ address: "a:1", weight: 3 }, { address: "b:1", name: bee }]
        health_check: { interval: 7s, rise: 4, fall: 5 }
        retry: { attempts: 1, budget: 10% }
        response_timeout: 9s
  `,
    systemEnvironment(),
  );
  const upstream = loaded.ok ? loaded.config.upstreams[0] : undefined;

  const configured = plan("", upstream);

  assertEquals(configured.algorithms, ["least_connections"]);
  assertEquals(configured.backends.map(({ id, weight }) => [id, weight]), [["a:1", 3], ["bee", 1]]);
  assertEquals(configured.check, {
    detector: { kind: "threshold" },
    intervalMs: 7000,
    fastIntervalMs: 1000,
    timeoutMs: 5000,
    rise: 4,
    fall: 5,
    initial: "probe",
    proof: "connection",
  });
  assertEquals([configured.retry.attempts, configured.retry.budget], [1, 0.1]);
  assertEquals(configured.timeoutMs, 9000);
  assertEquals(plan("--algorithm all --check-interval 0s", upstream).check, undefined);
  assertEquals(plan("--algorithm all", upstream).algorithms, Object.keys(ALGORITHMS));
});

Deno.test("readPlan() goes through a log that is to be replayed", async () => {
  await using folder = await TempFolder.create();
  const path = await folder.write(
    "access.log",
    '{"time":"2026-11-21T09:00:00Z","duration_ms":5}\nx\n' +
      '{"time":"2026-11-21T09:00:02Z","duration_ms":7}\n',
  );

  const { load, durationMs, limit } = plan(`--replay ${path} --key path`);

  assertEquals(load.kind === "replay" && [load.keyBy, load.summary], ["path", {
    requests: 2,
    durationMs: 2000,
    meanServiceMs: 6,
    unusable: 1,
    firstUnusableLine: 2,
    late: 0,
  }]);
  assertEquals([durationMs, limit.requests], [2000, Infinity]);
});

const WRONG: readonly [line: string, message: string][] = [
  ["--backends 0", "--backends must be a whole number from 1 to 100000"],
  ["--weights 1,x", '--weights must be a whole number from 0 to 65535: current value is "x"'],
  ["--weights 0,0", "--weights must not all be 0"],
  ["--speeds 0", "--speeds must be a number from 0.001 to 1000"],
  ["--concurrency 1.5", "--concurrency must be a whole number from 1 to 1000"],
  ["--requests 1e6", "--requests must be a whole number from 1 to 1000000000"],
  ["--duration 10", "--duration must have a unit, like 10s"],
  ["--seed 4294967296", "--seed must be a whole number from 0 to 4294967295"],
  ["--load 0", "--load must be a number from 0.001 to 100"],
  ["--load -1", '--load must be a number from 0.001 to 100: current value is "-1"'],
  ["--rate many", "--rate must be a number from 0.001 to 1000000000"],
  ["--service 0s", "--service must be at least 1ms"],
  ["--keys 0", "--keys must be a whole number from 1"],
  ["--zipf 11", "--zipf must be a number from 0 to 10"],
  ["--rise 0", "--rise must be a whole number from 1 to 1000"],
  ["--fall x", "--fall must be a whole number from 1 to 1000"],
  ["--check-interval soon", "--check-interval must be a duration"],
  ["--algorithm round_robbin", '(did you mean "round_robin"?): current value is "round_robbin"'],
  ["--algorithm round_robin,", 'current value is ""'],
  ["--distribution pareto --shape 1", "--shape must be a number from 1.01 to 100"],
  ["--shape 2", "--shape has no meaning beside --distribution exponential"],
  ["--rate 5 --load 1", "--load has no meaning beside --rate"],
  ["--clients 5", "--clients has no meaning without --arrivals closed"],
  ["--think 5s", "--think has no meaning without --arrivals closed"],
  ["--arrivals closed --rate 5", "--rate has no meaning beside --arrivals closed"],
  ["--arrivals closed --clients 0", "--clients must be a whole number from 1"],
  ["--upstream app", "--upstream has no meaning without --config"],
  ["--config a --backends 3", "--backends has no meaning beside --config"],
  ["--key path", "--key has no meaning without --replay"],
  ["--replay a --scenario hot-keys", "--scenario hot-keys has no meaning beside --replay"],
  ["--replay a --zipf 1", "--zipf has no meaning beside --replay"],
  ["--replay /nowhere/access.log", 'cannot read "/nowhere/access.log"'],
  ["--replay /dev/null", "--replay must have JSON objects with time and duration_ms, one a line"],
  [
    "--algorithm p2c,first --bounded-load 2",
    "--bounded-load has no meaning without one of ip_hash, consistent_hash, maglev, rendezvous",
  ],
  ["--fault slow:10", '--fault "slow:10" has no backend 10: backends are 0 to 9'],
  ["--fault pause@10s", '--fault "pause@10s" must have an end: it must look like pause@10s-15s'],
  ["--fault slo", '(did you mean "slow"?): found "slo"'],
  ["--scenario bad", "--scenario must be one of steady, slow-backend, "],
  ["--arrivals often", "--arrivals must be one of poisson, uniform, bursty, closed"],
  ["--distribution normal", "--distribution must be one of constant, exponential, "],
  ["--format xml", "--format must be one of table, json"],
];

for (const [line, message] of WRONG) {
  Deno.test(`readPlan() refuses ${line}`, () => {
    assertThrows(() => plan(line), UsageError, message);
  });
}
