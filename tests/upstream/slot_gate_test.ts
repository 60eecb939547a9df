import { assertEquals } from "@std/assert";
import { LimitTable } from "../../lib/core/limit_table.ts";
import { SlotGate } from "../../lib/upstream/slot_gate.ts";
import { specOf, type TestUpstreamOptions, upstreamOf } from "../support/upstreams.ts";

const SHAPE = { workers: 2, backends: 2, upstreams: 1, listeners: 0 };

function limited(...maxima: (number | undefined)[]) {
  return limitedWith({}, ...maxima);
}

function limitedWith(options: TestUpstreamOptions, ...maxima: (number | undefined)[]) {
  const table = LimitTable.create(SHAPE);
  const specs = maxima.map((max, index) =>
    specOf(index, max === undefined ? {} : { maxConnections: max })
  );
  const gates = [new SlotGate(table, 0)];
  const { upstream, backends } = upstreamOf(specs, { algorithm: "first", gates, ...options });
  return { table, upstream, backends };
}

Deno.test("SlotGate gives work to the next backend once one has its most, and takes it back", () => {
  const { upstream, table } = limited(2, undefined);

  const leases = [1, 2, 3, 4].map(() => upstream.acquire(0)!);

  assertEquals(leases.map(({ backend }) => backend.id), ["b0", "b0", "b1", "b1"]);
  leases[0]![Symbol.dispose]();
  assertEquals(upstream.acquire(0)?.backend.id, "b0");
  assertEquals(table.taken(0), 2);
});

Deno.test("BalancedUpstream.isFull() tells backends that are full from those that are away", () => {
  const { upstream, backends } = limited(1, 1);
  upstream.setHealth("b1", false);
  assertEquals(upstream.isFull(), true);
  using _lease = upstream.acquire(0);

  assertEquals([upstream.acquire(0), upstream.isFull()], [undefined, true]);
  assertEquals(upstream.acquirePreferred(backends[0]!), undefined);
  assertEquals(upstream.isFull(new Set([backends[0]!])), false);
  upstream.setHealth("b0", false);
  assertEquals(upstream.isFull(), false);
  upstream.setHealth("b0", true);
  upstream.setWeight("b0", 0);
  assertEquals(upstream.isFull(), false);
});

Deno.test("BalancedUpstream.isFull() counts those tried in panic, and not those ejected", () => {
  const ejected = new Set<string>();
  const isEjected = ({ id }: { id: string }) => ejected.has(id);
  const { upstream } = limitedWith({ isEjected, panicThreshold: 50 }, 1, 1);
  upstream.setHealth("b0", false);
  upstream.setHealth("b1", false);
  using first = upstream.acquire(0);
  using _second = upstream.acquire(0);
  assertEquals([upstream.acquire(0), upstream.isFull()], [undefined, true]);

  upstream.setHealth("b0", true);
  ejected.add("b1");
  upstream.setHealth("b1", true);
  upstream.noteEjection("b1");

  assertEquals([upstream.isFull(), upstream.isFull(new Set([first!.backend]))], [true, false]);
});

Deno.test("SlotGate sees what other threads have taken", () => {
  const { upstream, table } = limited(1);
  table.tryTake(1, 0, 1);

  assertEquals(upstream.acquire(0), undefined);
  table.forgetWorker(1);
  assertEquals(upstream.acquire(0)?.backend.id, "b0");
});
