import { assertEquals, assertLess } from "@std/assert";
import { simulatedUpstream } from "../../lib/simulate/simulated_upstream.ts";
import { VirtualClock } from "../../lib/simulate/virtual_clock.ts";
import { specsOf } from "../support/simulation.ts";

const OPTIONS = {
  algorithm: "round_robin",
  backends: specsOf([1, 2, 0]),
  slowStartMs: 0,
  seed: 1,
  clock: new VirtualClock(() => {}),
  defer: (work: () => void) => work(),
};

Deno.test("simulatedUpstream() has every backend, and places work by weight", () => {
  const { upstream } = simulatedUpstream(OPTIONS);
  const counts = new Map([["b0", 0], ["b1", 0], ["b2", 0]]);

  for (let pick = 0; pick < 300; pick++) {
    using lease = upstream.acquire(pick);
    const id = lease?.backend.id ?? "-";
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }

  assertEquals([...upstream.backends.keys()], ["b0", "b1", "b2"]);
  assertEquals([...counts.values()], [100, 200, 0]);
});

Deno.test("simulatedUpstream() counts work in flight where the algorithm sees it", () => {
  const { upstream } = simulatedUpstream({ ...OPTIONS, algorithm: "least_connections" });
  const leases = Array.from({ length: 30 }, (_, key) => upstream.acquire(key));

  const loads = [...upstream.backends.values()].map(({ load }) => load);

  assertEquals(loads.reduce((sum, load) => sum + load, 0), 30);
  assertLess(Math.abs(loads[0]! - 10), 2);
  for (const lease of leases) lease?.[Symbol.dispose]();
  assertEquals([...upstream.backends.values()].map(({ load }) => load), [0, 0, 0]);
});

Deno.test("simulatedUpstream() has the zones, backups, bound and slow start of the configuration", () => {
  const clock = new VirtualClock(() => {});
  const [near, far, backup] = specsOf([1, 1, 1]);
  const { upstream } = simulatedUpstream({
    ...OPTIONS,
    algorithm: "consistent_hash",
    backends: [{ ...near!, zone: "a" }, { ...far!, zone: "b" }, { ...backup!, backup: true }],
    zone: "a",
    boundedLoad: 1.25,
    slowStartMs: 1000,
    clock,
  });
  const next = () => upstream.acquire(7)?.backend.id;

  assertEquals([next(), next()], ["b0", "b0"]);
  upstream.setHealth("b0", false);
  assertEquals(next(), "b1");
  upstream.setHealth("b1", false);
  assertEquals(next(), "b2");
  upstream.setHealth("b0", true);
  assertEquals(upstream.backends.get("b0")?.ramp, 2);
  clock.nowMs = 2000;

  assertEquals(next(), "b0");
  assertEquals(upstream.backends.get("b0")?.ramp, 20);
});
