import { assert, assertEquals, assertThrows } from "@std/assert";
import { ALGORITHMS } from "../../lib/balancer/registry.ts";
import { LbError } from "../../lib/core/errors.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import type { Backend } from "../../lib/core/types.ts";
import { SharedBackend } from "../../lib/upstream/backend.ts";
import { BalancedUpstream } from "../../lib/upstream/upstream.ts";
import { tally } from "../support/farm.ts";
import { specOf, upstreamOf } from "../support/upstreams.ts";

interface Bench {
  readonly table: SharedTable;
  readonly upstream: BalancedUpstream;
  readonly backends: readonly Backend[];
}

const WORKER = 1;

/** An upstream of servers `b0`, `b1` … with the given weights. */
function bench(weights: readonly number[], algorithm = "round_robin"): Bench {
  const specs = weights.map((weight, index) => specOf(index, { weight }));
  return upstreamOf(specs, { algorithm, worker: WORKER });
}

function backendOf(table: SharedTable, index: number, weight = 1, id = `b${index}`): Backend {
  const address = { kind: "tcp", hostname: "127.0.0.1", port: 1 + index } as const;
  return new SharedBackend({ id, address, weight }, index, table);
}

/** The servers of `count` pieces of work that end at once. */
function ids(upstream: BalancedUpstream, count: number): string[] {
  return Array.from({ length: count }, () => {
    using lease = upstream.acquire(0);
    return lease?.backend.id ?? "-";
  });
}

Deno.test("BalancedUpstream.acquire() takes a slot and the lease gives it back exactly once", () => {
  const { table, upstream } = bench([1]);

  const first = upstream.acquire(0)!;
  const second = upstream.acquire(0)!;
  assertEquals(table.inFlight(0), 2);
  first[Symbol.dispose]();
  first[Symbol.dispose]();

  assertEquals(table.inFlight(0), 1);
  second[Symbol.dispose]();
  assertEquals(table.inFlight(0), 0);
});

Deno.test("BalancedUpstream.acquire() takes slots on behalf of its own thread", () => {
  const { table, upstream } = bench([1]);
  upstream.acquire(0);

  table.forgetWorker(0);
  assertEquals(table.inFlight(0), 1);
  table.forgetWorker(WORKER);

  assertEquals(table.inFlight(0), 0);
});

Deno.test("BalancedUpstream.acquire() answers undefined when no server is left", () => {
  const { upstream, backends } = bench([1, 1]);

  assertEquals(upstream.acquire(0, new Set(backends)), undefined);
  upstream.setHealth("b0", false);
  upstream.setHealth("b1", false);
  assertEquals(upstream.acquire(0), undefined);
  upstream.removeServer("b0");
  upstream.removeServer("b1");
  assertEquals(upstream.acquire(0), undefined);
});

Deno.test("BalancedUpstream.acquire() avoids servers that were tried, in that call alone", () => {
  const { upstream, backends } = bench([1, 1, 1]);
  const tried = new Set([backends[0]!, backends[2]!]);

  for (let i = 0; i < 5; i++) assertEquals(upstream.acquire(0, tried)?.backend.id, "b1");

  assertEquals(new Set(ids(upstream, 9)).size, 3);
});

Deno.test("BalancedUpstream.acquire() goes by the load that leases make", () => {
  const { upstream } = bench([1, 1, 1], "least_connections");

  const leases = Array.from({ length: 9 }, () => upstream.acquire(0)!);
  assertEquals([...tally(leases.map(({ backend }) => backend.id)).values()], [3, 3, 3]);
  for (const lease of leases) if (lease.backend.id === "b1") lease[Symbol.dispose]();

  assertEquals([1, 2, 3].map(() => upstream.acquire(0)!.backend.id), ["b1", "b1", "b1"]);
});

Deno.test("Lease's end tells the algorithm at once", () => {
  const { upstream } = bench(Array.from({ length: 50 }, () => 1), "least_connections");
  const leases = Array.from({ length: 100 }, () => upstream.acquire(0)!);

  // Backwards, so that the algorithm's own look around never comes to it in time.
  for (const lease of leases.slice(0, 30).reverse()) {
    lease[Symbol.dispose]();
    assertEquals(upstream.acquire(0)?.backend.id, lease.backend.id);
  }
});

Deno.test("Lease.settle() counts a failure to connect apart from a broken connection", () => {
  const { table, upstream } = bench([1]);

  for (
    const code of [
      "connect_refused",
      "connect_timeout",
      "connect_failed",
      "upstream_reset",
    ] as const
  ) {
    using lease = upstream.acquire(0)!;
    lease.settle({ kind: "failure", error: new LbError(code, "no", { side: "upstream" }) });
  }

  assertEquals(table.backendTotal(0, "connectFailures"), 3);
  assertEquals(table.backendTotal(0, "failures"), 1);
});

Deno.test("Lease.settle() lets the first call win", () => {
  const { table, upstream } = bench([1]);
  const error = new LbError("upstream_reset", "broke", { side: "upstream" });

  for (const first of [{ kind: "success" }, { kind: "ignored" }] as const) {
    using lease = upstream.acquire(0)!;
    lease.settle(first);
    lease.settle({ kind: "failure", error });
  }
  assertEquals(table.backendTotal(0, "failures"), 0);

  using lease = upstream.acquire(0)!;
  lease.settle({ kind: "failure", error });
  lease.settle({ kind: "failure", error });

  assertEquals(table.backendTotal(0, "failures"), 1);
});

Deno.test("Lease.settle() leaves the slot to dispose", () => {
  const { table, upstream } = bench([1]);
  const lease = upstream.acquire(0)!;

  lease.settle({ kind: "success" });
  assertEquals(table.inFlight(0), 1);
  lease[Symbol.dispose]();

  assertEquals(table.inFlight(0), 0);
});

Deno.test("Lease.toServer() and toClient() count bytes of the lease's server", () => {
  const { table, upstream } = bench([1, 1]);
  using lease = upstream.acquire(0)!;

  lease.toServer(3);
  lease.toServer(4);
  lease.toClient(50);

  assertEquals(lease.backend.id, "b0");
  assertEquals(table.backendTotal(0, "bytesToBackend"), 7);
  assertEquals(table.backendTotal(0, "bytesToClient"), 50);
  assertEquals(table.backendTotal(1, "bytesToClient"), 0);
});

Deno.test("BalancedUpstream.setHealth() takes a server out and in again", () => {
  const { upstream } = bench([1, 1, 1]);

  upstream.setHealth("b1", false);
  upstream.setHealth("b1", false);
  assertEquals(new Set(ids(upstream, 9)), new Set(["b0", "b2"]));
  upstream.setHealth("b1", true);
  upstream.setHealth("b1", true);
  upstream.setHealth("unknown", true);

  assertEquals(tally(ids(upstream, 9)), new Map([["b0", 3], ["b1", 3], ["b2", 3]]));
});

for (const algorithm of Object.keys(ALGORITHMS)) {
  Deno.test(`BalancedUpstream with ${algorithm} never names a server of weight 0`, () => {
    const { upstream } = bench([1, 0, 1], algorithm);
    upstream.setHealth("b1", true);
    upstream.setHealth("b1", false);
    upstream.setHealth("b1", true);

    assertEquals(ids(upstream, 20).includes("b1"), false);
    assert(upstream.backends.has("b1"));
    assertEquals(bench([0, 0], algorithm).upstream.acquire(0), undefined);
  });
}

Deno.test("BalancedUpstream.addServer() refuses an id that is taken", () => {
  const { table, upstream } = bench([1]);

  assertThrows(
    () => upstream.addServer(backendOf(table, 0)),
    RangeError,
    'Cannot add server "b0": upstream "app" has one of that name',
  );
  assertEquals(upstream.backends.size, 1);
});

Deno.test("BalancedUpstream.removeServer() forgets a server, and does not mind an unknown one", () => {
  const { table, upstream } = bench([1, 1]);
  const lease = upstream.acquire(0)!;

  upstream.removeServer("b0");
  upstream.removeServer("unknown");
  upstream.setHealth("b0", true);
  assertEquals(ids(upstream, 4), ["b1", "b1", "b1", "b1"]);

  // What it has in flight ends as ever.
  lease[Symbol.dispose]();
  assertEquals(table.inFlight(0), 0);
});

for (const algorithm of Object.keys(ALGORITHMS)) {
  Deno.test(`BalancedUpstream with ${algorithm} keeps a server's load over down and up`, () => {
    const { table, upstream } = bench([1, 1], algorithm);
    const lease = upstream.acquire(0)!;
    const { backend } = lease;

    upstream.setHealth(backend.id, false);
    assertEquals(backend.load, 1);
    upstream.setHealth(backend.id, true);

    assertEquals([backend.load, table.inFlight(backend.index)], [1, 1]);
    lease[Symbol.dispose]();
    assertEquals(backend.load, 0);
  });
}

Deno.test("BalancedUpstream gives work to the server that is idle after down and up", () => {
  const { upstream } = bench([1, 1], "least_connections");
  const first = upstream.acquire(0)!;
  upstream.setHealth(first.backend.id, false);
  upstream.setHealth(first.backend.id, true);

  const second = upstream.acquire(0)!;

  assert(second.backend !== first.backend);
});

Deno.test("BalancedUpstream tells who is well and who may be chosen", () => {
  const { upstream, backends } = bench([1, 0, 1, 1]);
  upstream.setHealth("b2", false);
  upstream.removeServer("b3");

  assertEquals(backends.map((b) => upstream.isHealthy(b)), [true, true, false, false]);
  assertEquals(backends.map((b) => upstream.isInRotation(b)), [true, false, false, false]);
});

Deno.test("BalancedUpstream.setWeight() changes a share at once", () => {
  for (const algorithm of ["round_robin", "least_connections"]) {
    const { upstream } = bench([1, 1], algorithm);

    upstream.setWeight("b1", 3);
    const leases = Array.from({ length: 400 }, () => upstream.acquire(0)!);

    const counts = tally(leases.map(({ backend }) => backend.id));
    assert(Math.abs(counts.get("b1")! - 300) <= 2, `${algorithm}: ${counts.get("b1")}`);
  }
});

Deno.test("BalancedUpstream.setWeight() drains with 0 and brings back, also while a server is down", () => {
  const { upstream } = bench([1, 1]);

  upstream.setWeight("b1", 0);
  assertEquals(new Set(ids(upstream, 10)), new Set(["b0"]));
  upstream.setHealth("b1", false);
  upstream.setWeight("b1", 2);
  assertEquals(new Set(ids(upstream, 10)), new Set(["b0"]));
  upstream.setHealth("b1", true);

  assertEquals(tally(ids(upstream, 30)).get("b1"), 20);
  upstream.setWeight("nobody", 7);
});
