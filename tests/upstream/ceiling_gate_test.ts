import { assertEquals } from "@std/assert";
import { LimitTable } from "../../lib/core/limit_table.ts";
import { CeilingGate } from "../../lib/upstream/ceiling_gate.ts";
import { specOf, upstreamOf } from "../support/upstreams.ts";

const SHAPE = { workers: 2, backends: 2, upstreams: 2, listeners: 0 };

function limited(max: number, worker = 0, table = LimitTable.create(SHAPE)) {
  const gates = [new CeilingGate({ table, worker, upstream: 1, max })];
  const { upstream } = upstreamOf([specOf(0), specOf(1)], { algorithm: "round_robin", gates });
  return { table, upstream };
}

Deno.test("CeilingGate holds all backends off at the most of the upstream, and work waits for it", () => {
  const { upstream, table } = limited(3);

  const leases = [1, 2, 3].map(() => upstream.acquire(0)!);

  assertEquals(new Set(leases.map(({ backend }) => backend.id)).size, 2);
  assertEquals([upstream.acquire(0), upstream.isFull()], [undefined, true]);
  assertEquals(table.taken(table.slotOfUpstream(1)), 3);
  leases[1]![Symbol.dispose]();
  assertEquals(upstream.acquire(0) === undefined, false);
});

Deno.test("CeilingGate counts over all threads, and gives back what a dead one held", () => {
  const one = limited(2);
  const other = limited(2, 1, one.table);
  const leases = [one.upstream.acquire(0), other.upstream.acquire(0)];

  assertEquals(leases.includes(undefined), false);
  assertEquals([one.upstream.acquire(0), other.upstream.acquire(0)], [undefined, undefined]);
  one.table.forgetWorker(1);

  assertEquals(one.upstream.acquire(0) === undefined, false);
  assertEquals(one.table.taken(one.table.slotOfUpstream(0)), 0);
});
