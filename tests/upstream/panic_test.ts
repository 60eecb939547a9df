import { assertEquals } from "@std/assert";
import { panicking, type TierName, type TierWeight } from "../../lib/upstream/availability.ts";
import { tally } from "../support/farm.ts";
import { specOf, upstreamOf } from "../support/upstreams.ts";

const NOBODY: TierWeight = { all: 0, well: 0 };

function tiers(given: Partial<Record<TierName, readonly [well: number, all: number]>>) {
  const weightOf = (name: TierName): TierWeight => {
    const [well, all] = given[name] ?? [0, 0];
    return all === 0 ? NOBODY : { all, well };
  };
  return { near: weightOf("near"), far: weightOf("far"), backup: weightOf("backup") };
}

/** Envoy's rule: panic only where all levels together cannot take the work. */
const CASES: readonly [Parameters<typeof tiers>[0], TierName[]][] = [
  [{ near: [10, 10] }, []],
  [{ near: [5, 10] }, []],
  [{ near: [49, 100] }, ["near"]],
  [{ near: [0, 1] }, ["near"]],
  [{}, []],
  [{ near: [0, 10], far: [10, 10] }, []],
  [{ near: [4, 10], far: [6, 10] }, []],
  [{ near: [25, 100], far: [25, 100] }, ["near", "far"]],
  [{ near: [1, 10], far: [6, 10] }, ["near"]],
  [{ near: [0, 10], backup: [1, 1] }, []],
  [{ near: [1, 10], backup: [0, 1] }, ["near", "backup"]],
];

for (const [given, wanted] of CASES) {
  Deno.test(`panicking() of ${JSON.stringify(given)} is ${wanted.join(", ") || "nobody"}`, () => {
    assertEquals([...panicking(tiers(given), 50)], wanted);
    assertEquals([...panicking(tiers(given), 0)], []);
  });
}

/** Where each of 60 pieces of work goes. */
function picks(upstream: ReturnType<typeof upstreamOf>["upstream"]): Record<string, number> {
  const ids = Array.from({ length: 60 }, () => {
    using lease = upstream.acquire(0);
    return lease?.backend.id ?? "-";
  });
  return Object.fromEntries([...tally(ids)].sort());
}

Deno.test("BalancedUpstream tries all in panic, and no longer than it lasts", () => {
  const specs = [specOf(0), specOf(1), specOf(2)];
  const { upstream, backends } = upstreamOf(specs, { panicThreshold: 50 });

  upstream.setHealth("b0", false);
  assertEquals(picks(upstream), { b1: 30, b2: 30 });
  assertEquals(upstream.isLastResort(backends[0]!), false);
  upstream.setHealth("b1", false);
  assertEquals(picks(upstream), { b0: 20, b1: 20, b2: 20 });
  assertEquals(backends.map((backend) => upstream.isLastResort(backend)), [true, true, false]);
  assertEquals(upstream.isHealthy(backends[0]!), false);
  upstream.setHealth("b0", true);

  assertEquals(picks(upstream), { b0: 30, b2: 30 });
});

Deno.test("BalancedUpstream gives a drained server no work in panic either", () => {
  const specs = [specOf(0, { weight: 0 }), specOf(1), specOf(2)];
  const { upstream } = upstreamOf(specs, { panicThreshold: 50 });
  for (const id of ["b0", "b1", "b2"]) upstream.setHealth(id, false);

  assertEquals(picks(upstream), { b1: 30, b2: 30 });
  upstream.setWeight("b1", 0);
  assertEquals(picks(upstream), { b2: 60 });
  upstream.setWeight("b0", 1);
  assertEquals(picks(upstream), { b0: 30, b2: 30 });
  upstream.removeServer("b2");

  assertEquals(picks(upstream), { b0: 60 });
});

Deno.test("BalancedUpstream uses backups rather than panic, and panics when those are down", () => {
  const specs = [specOf(0), specOf(1), specOf(2, { backup: true })];
  const { upstream } = upstreamOf(specs, { panicThreshold: 50 });
  for (const id of ["b0", "b1"]) upstream.setHealth(id, false);

  assertEquals(picks(upstream), { b2: 60 });
  upstream.setHealth("b2", false);

  assertEquals(picks(upstream), { b0: 30, b1: 30 });
});

Deno.test("BalancedUpstream learns of an ejection at the latest when nobody else is left", () => {
  const ejected = new Set<string>();
  const { upstream, backends } = upstreamOf([specOf(0), specOf(1)], {
    panicThreshold: 50,
    isEjected: ({ id }) => ejected.has(id),
    gates: [{
      admits: (backend) => !ejected.has(backend.id) || upstream.isPanicking(backend),
      enter: () => true,
      observe: () => {},
      leave: () => {},
    }],
  });
  ejected.add("b0");
  upstream.noteEjection("b0");

  assertEquals(picks(upstream), { b1: 60 });
  ejected.add("b1");
  assertEquals(picks(upstream), { b0: 30, b1: 30 });
  assertEquals(upstream.isLastResort(backends[1]!), true);
  ejected.clear();
  for (const id of ["b0", "b1", "unknown"]) upstream.noteEjection(id);

  assertEquals(upstream.isPanicking(backends[0]!), false);
});
