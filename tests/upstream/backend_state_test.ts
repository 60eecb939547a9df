import { assertEquals } from "@std/assert";
import { tally } from "../support/farm.ts";
import { specOf, upstreamOf } from "../support/upstreams.ts";
import type { BalancedUpstream } from "../../lib/upstream/upstream.ts";

/** The servers of `count` pieces of work that end at once. */
function ids(upstream: BalancedUpstream, count: number, keyOf = (turn: number) => turn): string[] {
  return Array.from({ length: count }, (_, turn) => {
    using lease = upstream.acquire(keyOf(turn));
    return lease?.backend.id ?? "-";
  });
}

function counts(ids: readonly string[]): Record<string, number> {
  return Object.fromEntries(tally(ids));
}

for (const state of ["drain", "maintenance"] as const) {
  Deno.test(`BalancedUpstream.setState("${state}") gives a server no new work`, () => {
    const { upstream } = upstreamOf([specOf(0), specOf(1)]);

    upstream.setState("b0", state);

    assertEquals(counts(ids(upstream, 10)), { b1: 10 });
    assertEquals(upstream.stateOf(upstream.backends.get("b0")!), state);
  });

  Deno.test(`BalancedUpstream.setState("${state}") leaves work that is under way`, () => {
    const { upstream, table } = upstreamOf([specOf(0)]);
    const lease = upstream.acquire(0)!;

    upstream.setState("b0", state);

    assertEquals(table.inFlight(0), 1);
    lease.settle({ kind: "success" });
    lease[Symbol.dispose]();
    assertEquals(table.inFlight(0), 0);
  });

  Deno.test(`BalancedUpstream.setState("${state}") holds bound clients off too`, () => {
    const { upstream, backends } = upstreamOf([specOf(0), specOf(1)]);

    upstream.setState("b0", state);

    assertEquals(upstream.acquirePreferred(backends[0]!), undefined);
  });

  Deno.test(`BalancedUpstream.setState("${state}") holds a server off in panic too`, () => {
    const { upstream } = upstreamOf([specOf(0), specOf(1), specOf(2)], { panicThreshold: 60 });

    upstream.setState("b0", state);
    upstream.setHealth("b1", false);

    assertEquals(counts(ids(upstream, 10)), { b1: 5, b2: 5 });
  });
}

Deno.test("BalancedUpstream.setState() gives a server back its share", () => {
  const { upstream } = upstreamOf([specOf(0, { weight: 3 }), specOf(1)]);
  upstream.setState("b0", "drain");
  ids(upstream, 5);

  upstream.setState("b0", "ready");

  assertEquals(counts(ids(upstream, 40)), { b0: 30, b1: 10 });
});

Deno.test("BalancedUpstream.setState() says nothing to a server that is ready", () => {
  const { upstream } = upstreamOf([specOf(0, { weight: 3 }), specOf(1)], { slowStartMs: 1000 });

  upstream.setState("b0", "ready");

  assertEquals(counts(ids(upstream, 40)), { b0: 30, b1: 10 });
});

Deno.test("BalancedUpstream.setState() warms a server up that was held off", () => {
  const { upstream, backends } = upstreamOf([specOf(0), specOf(1)], { slowStartMs: 1000 });
  upstream.setState("b0", "maintenance");

  upstream.setState("b0", "ready");

  assertEquals([backends[0]!.weight, backends[1]!.weight], [2, 20]);
});

Deno.test("BalancedUpstream.setWeight() takes effect once a held server is ready", () => {
  const { upstream } = upstreamOf([specOf(0), specOf(1)]);
  upstream.setState("b0", "drain");

  upstream.setWeight("b0", 3);
  const held = ids(upstream, 10);
  upstream.setState("b0", "maintenance");
  upstream.setState("b0", "ready");

  assertEquals(counts(held), { b1: 10 });
  assertEquals(counts(ids(upstream, 40)), { b0: 30, b1: 10 });
});

Deno.test("BalancedUpstream.setState() keeps a server that is not well out of the rotation", () => {
  const { upstream } = upstreamOf([specOf(0), specOf(1)]);
  upstream.setState("b0", "drain");
  upstream.setHealth("b0", false);

  upstream.setState("b0", "ready");

  assertEquals(counts(ids(upstream, 10)), { b1: 10 });
});

Deno.test("BalancedUpstream.setState() moves a server's own keys and no others", () => {
  const { upstream } = upstreamOf([0, 1, 2].map((index) => specOf(index)), {
    algorithm: "consistent_hash",
  });
  const keyOf = (turn: number) => turn * 7919;
  const before = ids(upstream, 200, keyOf);

  upstream.setState("b1", "drain");
  const during = ids(upstream, 200, keyOf);
  upstream.setState("b1", "ready");

  const moved = before.filter((id, turn) => id !== during[turn]);
  assertEquals(new Set(moved), new Set(["b1"]));
  assertEquals(during.includes("b1"), false);
  assertEquals(ids(upstream, 200, keyOf), before);
});

Deno.test("BalancedUpstream.setState() ends with the membership of the server", () => {
  const { upstream, backends } = upstreamOf([specOf(0), specOf(1)]);
  upstream.setState("b0", "drain");

  upstream.removeServer("b0");

  assertEquals(upstream.stateOf(backends[0]!), "ready");
});
