import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import type { HealthCheckConfig, UpstreamConfig } from "../../lib/config/types.ts";
import { formatAddress } from "../../lib/core/address.ts";
import { HealthChecks, isUpAtFirst } from "../../lib/runtime/health.ts";
import { placeBackends, type PlacedBackend } from "../../lib/runtime/layout.ts";
import { configOf, tcp, upstreamConfig } from "../support/configs.ts";
import { FakeClock, settled } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { MemoryTransport } from "../support/memory_transport.ts";
import { isSettled } from "../support/tcp_bench.ts";

const CHECK: HealthCheckConfig = {
  probe: { type: "tcp" },
  detector: { kind: "threshold" },
  intervalMs: 1000,
  fastIntervalMs: 500,
  timeoutMs: 2000,
  rise: 1,
  fall: 2,
  initial: "probe",
};
const PHI: HealthCheckConfig = {
  ...CHECK,
  detector: { kind: "phi_accrual", threshold: 8, pauseMs: 500 },
};

/** An upstream whose backends are on these ports, all checked. */
function checked(name: string, ports: readonly number[], check = CHECK): UpstreamConfig {
  return { ...upstreamConfig(name, ports.map(tcp)), healthCheck: check };
}

class HealthBench implements Disposable {
  readonly clock = new FakeClock();
  readonly transport = new MemoryTransport();
  readonly log = new MemoryLog();
  readonly up: boolean[];
  readonly successes: number[];
  /** Places of backends that passed a check. */
  readonly passed = new Set<number>();
  readonly health: HealthChecks;
  readonly backends: readonly PlacedBackend[];

  /** @param well ports on which somebody listens @param hanging ports that never answer */
  constructor(upstreams: readonly UpstreamConfig[], well: number[], hanging: number[] = []) {
    for (const port of well) this.transport.listen(tcp(port));
    for (const port of hanging) this.transport.silence(tcp(port));
    const config = configOf([], upstreams);
    this.backends = placeBackends(config);
    this.up = this.backends.map(isUpAtFirst);
    this.successes = this.up.map(() => 0);
    this.health = new HealthChecks({
      config,
      transport: this.transport,
      clock: this.clock,
      random: () => 0.5,
      log: this.log,
      isUp: ({ index }) => this.up[index] === true,
      successes: ({ index }) => this.successes[index] ?? 0,
      onChange: ({ index }, available) => this.up[index] = available,
      onPass: ({ index }) => this.passed.add(index),
    });
  }

  /** Checks of that port so far. */
  dialled(port: number): number {
    const name = formatAddress(tcp(port));
    return this.transport.dialled.filter((address) => address === name).length;
  }

  isReady(): Promise<boolean> {
    return isSettled(this.health.ready);
  }

  [Symbol.dispose](): void {
    this.health[Symbol.dispose]();
  }
}

Deno.test("HealthChecks are ready once every first check has decided", async () => {
  using b = new HealthBench([checked("app", [1, 2, 3])], [1, 3]);
  assertEquals(b.up, [false, false, false]);

  await settled();

  assertEquals([await b.isReady(), b.up], [true, [true, false, true]]);
  assertEquals(b.log.fieldsOf("Backend is down").map(({ backend }) => backend), ["192.0.2.1:2"]);
  assertEquals(b.log.fieldsOf("Backend is up"), []);
});

Deno.test("HealthChecks wait a quarter of a second for one that hangs while others are well", async () => {
  using b = new HealthBench([checked("app", [1, 2])], [1], [2]);
  await settled();

  await b.clock.run(240, 10);
  assertEquals(await b.isReady(), false);
  await b.clock.run(20, 10);

  assertEquals([await b.isReady(), b.up], [true, [true, false]]);
});

Deno.test("HealthChecks wait for the timeout where an upstream has nobody else, then say down", async () => {
  using b = new HealthBench([checked("app", [1]), checked("other", [2])], [1], [2]);
  await settled();

  await b.clock.run(1900, 100);
  assertEquals(await b.isReady(), false);
  await b.clock.run(200, 100);

  assertEquals([await b.isReady(), b.up], [true, [true, false]]);
});

Deno.test("HealthChecks let unknown backends in after five seconds where there is nobody else", async () => {
  const slow = { ...CHECK, timeoutMs: 60_000 };
  using b = new HealthBench([checked("app", [1], slow)], [], [1]);

  await b.clock.run(5100, 100);
  assertEquals([await b.isReady(), b.up], [true, [true]]);
  await b.clock.run(60_000, 100);

  assertEquals(b.up, [false]);
  assertMatch(String(b.log.fieldsOf("Backend is down")[0]?.reason), /Cannot connect/);
});

Deno.test("HealthChecks hold nothing up without checks that decide", async () => {
  const upAndDown = [
    checked("up", [1], { ...CHECK, initial: "up" }),
    checked("down", [2], { ...CHECK, initial: "down", rise: 2 }),
    upstreamConfig("unchecked", [tcp(3)]),
  ];
  using b = new HealthBench(upAndDown, [2], []);
  assertEquals([await b.isReady(), b.up], [true, [true, false, true]]);

  await settled();
  assertEquals(b.up, [true, false, true]);
  await b.clock.run(600, 100);

  assertEquals(b.up, [false, true, true]);
  assertEquals(b.health.reportOf(2), undefined);
});

Deno.test("HealthChecks make the same check of the same server once for all upstreams", async () => {
  const alike = ["one", "two"].map((name) => checked(name, [1]));
  using b = new HealthBench(alike, []);
  await settled();

  assertEquals([b.dialled(1), b.up], [1, [false, false]]);
  assertEquals(b.log.fieldsOf("Backend is down").map(({ upstream }) => upstream), ["one", "two"]);
  b.transport.listen(tcp(1));
  await b.clock.run(1000, 100);

  assertEquals([b.dialled(1), b.up], [2, [true, true]]);
});

Deno.test("HealthChecks keep different checks of one server apart", async () => {
  const probe = { type: "tcp", expect: "hello" } as const;
  using b = new HealthBench(
    [checked("plain", [1]), checked("strict", [1], { ...CHECK, probe })],
    [1],
  );

  // Nothing is said on that port.
  await b.clock.run(2100, 100);

  assertEquals(b.up, [true, false]);
  assertEquals(b.health.reportOf(0)?.reason, undefined);
  assertMatch(b.health.reportOf(1)?.reason ?? "", /no answer in time/);
});

Deno.test("HealthChecks suspect a silent backend between checks, and trust its work", async () => {
  const ports = [1, 2];
  using b = new HealthBench([checked("app", ports, { ...PHI, timeoutMs: 60_000 })], ports);
  await b.clock.run(60_000, 100);
  // From now on checks of both hang, and one goes on doing its work.
  for (const port of ports) b.transport.silence(tcp(port));
  let wentDownMs: number | undefined;

  for (let ms = 0; ms < 10_000; ms += 100) {
    b.successes[1]! += 1;
    await b.clock.run(100, 100);
    if (!b.up[0]) wentDownMs ??= ms;
  }

  assertEquals(b.up, [false, true]);
  // An interval, the pause, the least deviation and a look each quarter of a second.
  assertEquals(wentDownMs! <= 1000 + 500 + 700 + 250, true, `${wentDownMs}`);
  assertEquals(b.health.reportOf(0)!.suspicion! > 8, true);
  assertEquals(b.health.reportOf(1)!.suspicion! < 1, true);
});

Deno.test("HealthChecks' end leaves no timer and no check", async () => {
  const b = new HealthBench([checked("app", [1, 2], PHI)], [1], [2]);
  await b.clock.run(500, 100);

  b[Symbol.dispose]();
  await b.clock.run(10_000, 1000);

  assertEquals([b.clock.delays, b.dialled(2)], [[], 1]);
});

Deno.test("HealthChecks tell of a passed check for every backend that shares it", async () => {
  using b = new HealthBench([checked("app", [1, 2]), checked("other", [1])], [1]);
  await settled();

  assertEquals([b.dialled(1), b.dialled(2), [...b.passed]], [1, 1, [0, 2]]);
});

Deno.test("HealthChecks.pause() ends the checks of a backend, resume() checks it at once", async () => {
  using b = new HealthBench([checked("app", [1])], [1]);
  const [backend] = b.backends;
  await settled();

  b.health.pause(backend!);
  const before = b.dialled(1);
  await b.clock.run(60_000, 1000);
  const during = b.dialled(1);
  b.health.resume(backend!);
  const first = b.up[0];
  await settled();

  assertEquals([during - before, b.dialled(1) - during], [0, 1]);
  assertEquals([first, b.up[0]], [false, true]);
});

Deno.test("HealthChecks.resume() finds out that a backend died while nobody looked", async () => {
  using b = new HealthBench([checked("app", [1], { ...CHECK, initial: "up", fall: 1 })], [], []);
  const [backend] = b.backends;
  await settled();
  assertEquals(b.up, [false]);

  b.health.pause(backend!);
  b.health.resume(backend!);
  const first = b.up[0];
  await settled();

  assertEquals([first, b.up[0]], [true, false]);
});

Deno.test("HealthChecks.pause() leaves the check to others that share it", async () => {
  using b = new HealthBench([checked("app", [1]), checked("other", [1])], [1]);
  const [own, other] = b.backends;
  await settled();
  b.up.fill(false);

  b.health.pause(own!);
  const before = b.dialled(1);
  await b.clock.run(60_000, 1000);
  assertGreater(b.dialled(1), before);
  assertEquals([b.health.reportOf(own!.index), b.up[own!.index]], [undefined, false]);
  b.health.resume(own!);

  assertEquals(b.up[own!.index], true);
  assertEquals(b.health.reportOf(own!.index)?.lastCheck?.passed, true);
  assertEquals(b.health.reportOf(other!.index)?.lastCheck?.passed, true);
});

Deno.test("HealthChecks.pause() and resume() say nothing of a backend without a check", () => {
  const plain = upstreamConfig("app", [tcp(1)]);
  using b = new HealthBench([plain], []);

  b.health.pause(b.backends[0]!);
  b.health.resume(b.backends[0]!);

  assertEquals(b.up, [true]);
});

Deno.test("HealthChecks.commit() leaves a stopped check stopped, whatever check it has by then", async () => {
  using b = new HealthBench([checked("app", [1, 2])], [1, 2]);
  await settled();
  b.health.pause(b.backends[1]!);
  const before = b.dialled(2);

  const next = configOf([], [checked("app", [1, 2], { ...CHECK, intervalMs: 700 })]);
  const prepared = b.health.prepare(next);
  await settled();
  prepared.commit();
  await b.clock.run(10_000, 500);
  const during = b.dialled(2);
  b.health.resume(placeBackends(next)[1]!);
  await settled();

  assertEquals([during - before, b.dialled(2) - during], [0, 1]);
  assertGreater(b.dialled(1), 10);
  assertEquals(b.up, [true, true]);
});

Deno.test("HealthChecks.commit() knows what operators did while it was prepared", async () => {
  using b = new HealthBench([checked("app", [1, 2])], [1, 2]);
  await settled();
  b.health.pause(b.backends[0]!);

  const prepared = b.health.prepare(configOf([], [checked("app", [1, 2]), checked("api", [1])]));
  b.health.pause(b.backends[1]!);
  b.health.resume(b.backends[0]!);
  prepared.commit();
  await settled();
  const before = [b.dialled(1), b.dialled(2)];
  await b.clock.run(10_000, 500);

  // One check for two upstreams, as often as for one.
  assertEquals([b.dialled(1) - before[0]!, b.dialled(2) - before[1]!], [10, 0]);
});

Deno.test("HealthChecks.commit() forgets what a check has found that is no more", async () => {
  using b = new HealthBench([checked("app", [1])], []);
  await settled();
  assertEquals(b.up, [false]);

  b.health.prepare(configOf([], [upstreamConfig("app", [tcp(1)])])).commit();

  assertEquals(b.up, [true]);
});
