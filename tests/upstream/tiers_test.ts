import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { BackendSpec } from "../../lib/core/types.ts";
import type { BalancedUpstream } from "../../lib/upstream/upstream.ts";
import { tally } from "../support/farm.ts";
import { specOf, upstreamOf } from "../support/upstreams.ts";

/** `count` servers of a zone, from `b<first>` on. */
function serversIn(zone: string, first: number, count: number): BackendSpec[] {
  return Array.from({ length: count }, (_, place) => specOf(first + place, { zone }));
}

/** Where each of `count` pieces of work with different keys goes. */
function picks(upstream: BalancedUpstream, count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    using lease = upstream.acquire(Math.imul(n + 1, 0x9e3779b1) >>> 0);
    return lease?.backend.id ?? "-";
  });
}

/** Part of the work that goes to the servers of the upstream's own zone, `a`. */
function nearShare(upstream: BalancedUpstream): number {
  const zoneOf = (id: string) => upstream.backends.get(id)?.spec.zone;
  const counts = tally(picks(upstream, 20_000).map((id) => zoneOf(id) ?? "-"));
  return (counts.get("a") ?? 0) / 20_000;
}

/** Twenty servers in each of two zones, of which some are down. */
function zones(down: { near: number; far: number }, algorithm?: string): BalancedUpstream {
  const specs = [...serversIn("a", 0, 20), ...serversIn("b", 20, 20)];
  const { upstream } = upstreamOf(specs, { zone: "a", ...(algorithm && { algorithm }) });
  for (let n = 0; n < down.near; n++) upstream.setHealth(`b${n}`, false);
  for (let n = 0; n < down.far; n++) upstream.setHealth(`b${20 + n}`, false);
  return upstream;
}

Deno.test("Tiers keep all work in the zone while seven of ten near servers are well", () => {
  assertEquals(nearShare(zones({ near: 0, far: 0 })), 1);
  assertEquals(nearShare(zones({ near: 5, far: 0 })), 1);
});

/** Envoy's table for priority levels with an overprovisioning of 1.4. */
const SPILLS = [
  { near: 10, far: 0, share: 0.7 },
  { near: 15, far: 0, share: 0.35 },
  { near: 15, far: 15, share: 0.5 },
  { near: 19, far: 7, share: 0.07 / 0.98 },
  { near: 20, far: 0, share: 0 },
  { near: 10, far: 20, share: 1 },
];

for (const { near, far, share } of SPILLS) {
  const title = `${near} near and ${far} far servers of 20 down`;

  Deno.test(`Tiers give near servers their share with ${title}`, () => {
    assertAlmostEquals(nearShare(zones({ near, far })), share, 0.015);
  });
}

Deno.test("Tiers go by weights, not by numbers of servers", () => {
  const specs = [
    specOf(0, { zone: "a", weight: 9 }),
    specOf(1, { zone: "a", weight: 1 }),
    specOf(2, { zone: "b" }),
  ];
  const { upstream } = upstreamOf(specs, { zone: "a" });

  upstream.setHealth("b1", false);
  assertEquals(nearShare(upstream), 1);
  upstream.setHealth("b1", true);
  upstream.setHealth("b0", false);

  assertAlmostEquals(nearShare(upstream), 0.14, 0.015);
});

Deno.test("Tiers take no notice of zones when it is not said where this Weir runs", () => {
  const { upstream } = upstreamOf([...serversIn("a", 0, 2), ...serversIn("b", 2, 2)]);

  assertEquals([...tally(picks(upstream, 40)).values()], [10, 10, 10, 10]);
});

Deno.test("Tiers send everything elsewhere when there is no server in the zone", () => {
  const { upstream } = upstreamOf(serversIn("b", 0, 2), { zone: "a" });

  assertEquals([...tally(picks(upstream, 10)).values()], [5, 5]);
});

Deno.test("Tiers use a backup only while no other server can be used", () => {
  const specs = [specOf(0), specOf(1, { backup: true }), specOf(2)];
  const { upstream, backends } = upstreamOf(specs);

  assertEquals([...tally(picks(upstream, 10)).keys()].sort(), ["b0", "b2"]);
  upstream.setHealth("b0", false);
  assertEquals([...tally(picks(upstream, 10)).keys()], ["b2"]);
  assertEquals(upstream.acquire(0, new Set([backends[2]!]))?.backend.id, "b1");
  upstream.setHealth("b2", false);
  assertEquals([...tally(picks(upstream, 10)).keys()], ["b1"]);
  upstream.setHealth("b2", true);

  assertEquals([...tally(picks(upstream, 10)).keys()], ["b2"]);
});

Deno.test("Tiers try the other zone when every server of the first was tried", () => {
  const { upstream, backends } = upstreamOf(
    [...serversIn("a", 0, 2), ...serversIn("b", 2, 1)],
    { zone: "a" },
  );

  assertEquals(upstream.acquire(0, new Set(backends.slice(0, 2)))?.backend.id, "b2");
});

Deno.test("Tiers prefer another zone to a backup in the own one", () => {
  const specs = [specOf(0, { zone: "a", backup: true }), specOf(1, { zone: "b" })];
  const { upstream } = upstreamOf(specs, { zone: "a" });

  assertEquals([...tally(picks(upstream, 10)).keys()], ["b1"]);
});

Deno.test("Tiers keep a key on its side while servers of the zone go down and come back", () => {
  const upstream = zones({ near: 0, far: 0 }, "consistent_hash");
  const before = picks(upstream, 5000);

  for (let n = 0; n < 10; n++) upstream.setHealth(`b${n}`, false);
  const during = picks(upstream, 5000);
  for (let n = 0; n < 10; n++) upstream.setHealth(`b${n}`, true);

  const isNear = (id: string) => upstream.backends.get(id)?.spec.zone === "a";
  const survivors = new Set(Array.from({ length: 10 }, (_, n) => `b${10 + n}`));
  const moved = before.filter((id, n) => {
    return survivors.has(id) && isNear(during[n]!) && during[n] !== id;
  });
  assertEquals(moved, []);
  assertAlmostEquals(during.filter(isNear).length / 5000, 0.7, 0.03);
  assertEquals(picks(upstream, 5000), before);
});
