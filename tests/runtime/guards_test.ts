import { assertEquals } from "@std/assert";
import type { HealthCheckConfig, UpstreamConfig } from "../../lib/config/types.ts";
import type { WeirEvent } from "../../lib/core/events.ts";
import { GuardTable } from "../../lib/core/guard_table.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { Guards } from "../../lib/runtime/guards.ts";
import { placeBackends, shapeOf } from "../../lib/runtime/layout.ts";
import type { ToWorker } from "../../lib/runtime/messages.ts";
import { Overrides } from "../../lib/runtime/overrides.ts";
import { SharedLimits } from "../../lib/runtime/shared_limits.ts";
import { type UpstreamStatus, upstreamStatus } from "../../lib/runtime/status.ts";
import { configOf, tcp, upstreamConfig } from "../support/configs.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";

const UPSTREAM: UpstreamConfig = {
  ...upstreamConfig("app", [tcp(1), tcp(2), tcp(3)]),
  circuitBreaker: {
    failures: 5,
    errorRate: 0,
    minRequests: 1,
    windowMs: 1000,
    openMs: 10_000,
    maxOpenMs: 10_000,
    halfOpenRequests: 1,
  },
  outlierDetection: {
    consecutiveFailures: 5,
    consecutiveGatewayFailures: 0,
    successRateDeviation: 0,
    failurePercentage: 0,
    minHosts: 5,
    minRequests: 100,
    intervalMs: 10_000,
    baseEjectionMs: 30_000,
    maxEjectionMs: 300_000,
    maxEjectedPercent: 100,
  },
  panicThreshold: 50,
};

const CHECK: HealthCheckConfig = {
  probe: { type: "tcp" },
  detector: { kind: "threshold" },
  intervalMs: 1,
  fastIntervalMs: 1,
  timeoutMs: 1,
  rise: 1,
  fall: 1,
  initial: "up",
};

/** The supervisor's guards over a table that the test changes as threads do. */
class GuardsBench implements Disposable {
  readonly config = configOf([], [UPSTREAM]);
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  readonly table = SharedTable.create(shapeOf(this.config));
  readonly guards = GuardTable.create(shapeOf(this.config));
  readonly posted: ToWorker[] = [];
  readonly events: WeirEvent[] = [];
  /** What operators say. */
  readonly overrides = new Overrides();
  readonly keeper: Guards;

  constructor() {
    for (const index of [0, 1, 2]) this.table.setUp(index, true);
    this.keeper = new Guards({
      ...this,
      random: () => 0,
      post: (message) => this.posted.push(message),
      emit: (event) => this.events.push(event),
      shareOf: (backend) => this.overrides.shareOf(backend),
    });
  }

  eject(backend: number): void {
    this.guards.fail(backend);
    this.guards.eject(backend, 0, { era: this.guards.era(backend), most: 3 });
  }

  get status(): UpstreamStatus {
    const { config, table, guards, overrides } = this;
    const limits = SharedLimits.create(config, () => 0).table;
    const health = { reportOf: () => undefined };
    return upstreamStatus(config, { table, limits, guards, health, overrides, nowMs: 0 })[0]!;
  }

  get messages(): string[] {
    return this.log.records.map(({ message }) => message.split(":")[0]!);
  }

  [Symbol.dispose](): void {
    this.keeper[Symbol.dispose]();
  }
}

Deno.test("Guards time a circuit that a thread opened, tell of it, and warm the backend up", () => {
  using b = new GuardsBench();
  b.guards.trip(1, 0);

  b.clock.advance(200);
  assertEquals(b.status.backends[1]!.circuit, "open");
  b.clock.advance(10_000);
  assertEquals(b.guards.state(1).circuit, "half_open");
  b.guards.passTrial(0, 1, b.guards.tryTrial(0, 1, 1)!);
  b.clock.advance(100);

  assertEquals(b.guards.state(1).circuit, "closed");
  assertEquals(b.messages, ["Circuit opened", "Circuit half open", "Circuit closed"]);
  assertEquals(b.posted, [{ type: "warm_up", backend: 1 }]);
});

Deno.test("Guards end an ejection, and tell the threads of its start and end", () => {
  using b = new GuardsBench();
  b.eject(2);

  b.clock.advance(100);
  assertEquals(b.posted, [{ type: "ejection", backend: 2 }]);
  assertEquals(b.status.backends[2]!.ejected, true);
  b.clock.advance(31_000);

  assertEquals(b.messages, ["Backend ejected", "Backend admitted again after ejection"]);
  assertEquals(b.posted.map(({ type }) => type), ["ejection", "ejection", "warm_up"]);
  assertEquals(b.guards.state(2).ejected, false);
});

Deno.test("Guards end an ejection early for a passed check", () => {
  using b = new GuardsBench();
  const [, backend] = placeBackends(b.config);
  b.guards.noteCause(1, true);
  b.eject(1);
  b.clock.advance(100);

  b.keeper.checkPassed(backend!, CHECK);

  assertEquals(b.guards.state(1).ejected, false);
  assertEquals(b.log.records.at(-1)?.fields["reason"], "check");
});

Deno.test("Guards tell once that an upstream is in panic, and once that it is over", () => {
  using b = new GuardsBench();
  const isPanic = () => b.status.panic;
  b.table.setUp(0, false);
  b.clock.advance(1000);
  assertEquals([isPanic(), b.messages.length], [false, 0]);

  b.eject(1);
  b.clock.advance(1000);
  assertEquals([isPanic(), b.messages], [true, ["Backend ejected", "Panic"]]);
  b.table.setUp(0, true);
  b.clock.advance(1000);

  assertEquals([isPanic(), b.messages.at(-1)], [false, "Panic is over"]);
});

Deno.test("Guards tell whoever watches of circuits, ejections and panic", () => {
  using b = new GuardsBench();
  const [id0, id1] = placeBackends(b.config).map(({ spec }) => spec.id);
  b.guards.trip(0, 0);
  b.clock.advance(100);
  b.eject(1);
  b.table.setUp(2, false);
  b.clock.advance(100);

  const [circuit, ejection, panic] = b.events;
  const upstream = "app";
  assertEquals(circuit?.type === "circuit" && { ...circuit, reason: typeof circuit.reason }, {
    type: "circuit",
    upstream,
    backend: id0!,
    circuit: "open",
    reason: "string",
  });
  assertEquals(ejection?.type === "ejection" && [ejection.backend, ejection.ejected], [id1!, true]);
  assertEquals(panic, { type: "panic", upstream, panic: true });
  assertEquals(b.events.length, 3);
});

Deno.test("Guards count what operators hold off for no panic", () => {
  using b = new GuardsBench();
  const [, b1, b2] = placeBackends(b.config);
  for (const backend of [b1!, b2!]) {
    b.overrides.change(backend, { state: "drain" });
    b.table.setUp(backend.index, false);
  }

  b.clock.advance(1000);
  assertEquals([b.status.panic, b.events], [false, []]);
  b.overrides.change(b1!, { state: "ready" });
  b.overrides.change(b2!, { state: "ready" });
  b.clock.advance(1000);

  assertEquals([b.status.panic, b.events.length], [true, 1]);
});

Deno.test("Guards let deadlines pass only while the process runs", () => {
  using b = new GuardsBench();
  let aheadMs = 0;
  const clock = { now: () => b.clock.now() + aheadMs, after: b.clock.after.bind(b.clock) };
  using _stopped = new Guards({ ...b, clock, random: () => 0, post: () => {} });
  b.keeper[Symbol.dispose]();
  b.guards.trip(0, 0);
  b.clock.advance(5000);

  // As if it had been stopped for an hour.
  aheadMs = 3_600_000;
  b.clock.advance(4900);
  assertEquals(b.guards.state(0).circuit, "open");
  b.clock.advance(300);

  assertEquals(b.guards.state(0).circuit, "half_open");
});
