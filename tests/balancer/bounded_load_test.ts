import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLessOrEqual,
  assertThrows,
} from "@std/assert";
import type { Balancer } from "../../lib/balancer/balancer.ts";
import { BoundedLoad } from "../../lib/balancer/bounded_load.ts";
import { createBalancer } from "../../lib/balancer/registry.ts";
import { hashText } from "../../lib/ds/hash.ts";
import { firstAbove, runningSums } from "../../lib/ds/weight_sums.ts";
import {
  ANY,
  equalServers,
  type FakeServer,
  filled,
  seededOptions,
  serversOf,
} from "../support/farm.ts";
import { countMoved, evenKeys, ownersOf } from "../support/keys.ts";
import { seededRandom, wholeBelow } from "../support/seeded_random.ts";

const HASH_ALGORITHMS = ["ip_hash", "consistent_hash", "maglev", "rendezvous"];
const IN_FLIGHT = 2000;

function unbounded(algorithm: string, servers: readonly FakeServer[]): Balancer<FakeServer> {
  return filled(() => createBalancer<FakeServer>(algorithm, seededOptions()), servers);
}

function bounded(
  algorithm: string,
  servers: readonly FakeServer[],
  factor: number,
): BoundedLoad<FakeServer> {
  const inner = createBalancer<FakeServer>(algorithm, seededOptions());
  const balancer = new BoundedLoad<FakeServer>(inner, { factor });
  for (const server of servers) balancer.add(server);
  return balancer;
}

function setLoad(balancer: Balancer<FakeServer>, server: FakeServer, load: number): void {
  server.load = load;
  balancer.loadChanged?.(server);
}

/** What the bound lets a server have after one more piece of work, in exact whole numbers. */
function capacityOf(server: FakeServer, servers: readonly FakeServer[], percent: number): number {
  const inFlight = servers.reduce((sum, { load }) => sum + load, 0);
  const totalWeight = servers.reduce((sum, { weight }) => sum + weight, 0);
  return Math.ceil(percent * (inFlight + 1) * server.weight / (100 * totalWeight));
}

/** Keys of which the one of rank r comes in proportion to 1 / r^1.1. */
function zipfKeys(random: () => number): () => number {
  const ends = runningSums(Array.from({ length: 100_000 }, (_, rank) => (rank + 1) ** -1.1));
  return () => hashText(`a${firstAbove(ends, random() * ends.at(-1)!)}`);
}

interface Run {
  /** Part of the picks that went elsewhere than without a bound. */
  readonly displaced: number;
  /** Highest load seen, where 1 is what an even share is. */
  readonly peak: number;
}

/** Steady work for popular keys; fails at the first pick that breaks the bound. */
function work(algorithm: string, servers: readonly FakeServer[], percent: number): Run {
  const random = seededRandom(17);
  const nextKey = zipfKeys(random);
  const plain = unbounded(algorithm, servers);
  const balancer = bounded(algorithm, servers, percent / 100);
  const totalWeight = servers.reduce((sum, { weight }) => sum + weight, 0);
  const working: FakeServer[] = [];
  const picks = 20_000;
  let displaced = 0;
  let peak = 0;
  for (let pick = 0; pick < picks; pick++) {
    const request = { ...ANY, key: nextKey() };
    const server = balancer.pick(request)!;
    assertLessOrEqual(server.load + 1, capacityOf(server, servers, percent), server.id);
    if (server !== plain.pick(request)) displaced++;
    setLoad(balancer, server, server.load + 1);
    working.push(server);
    peak = Math.max(peak, server.load * totalWeight / (server.weight * IN_FLIGHT));
    if (working.length < IN_FLIGHT) continue;
    const place = wholeBelow(random, working.length);
    const done = working[place]!;
    working[place] = working.at(-1)!;
    working.pop();
    setLoad(balancer, done, done.load - 1);
  }
  for (const server of servers) server.load = 0;
  return { displaced: displaced / picks, peak };
}

/** Percent of the fair share, and the part of the work that is displaced by it, as measured. */
const FACTORS: readonly (readonly [percent: number, displaced: number])[] = [
  [110, 0.24],
  [125, 0.12],
  [150, 0.06],
  [200, 0.007],
];

for (const [percent, displaced] of FACTORS) {
  Deno.test(`BoundedLoad.pick() holds a ring with popular keys to ${percent} %`, () => {
    const run = work("consistent_hash", equalServers(10), percent);

    assertAlmostEquals(run.displaced, displaced, 0.03);
    assertLessOrEqual(run.peak, percent / 100 + 10 / IN_FLIGHT);
    // Without a bound the most popular key alone is more than one server's part.
    assertGreater(run.peak, Math.min(percent / 100, 1.5) - 0.05);
  });
}

for (const algorithm of HASH_ALGORITHMS) {
  Deno.test(`BoundedLoad.pick() holds ${algorithm} with popular keys, by weight`, () => {
    const run = work(algorithm, serversOf([1, 2, 3, 4, 10, 5, 5]), 125);

    assertGreater(run.displaced, 0.02);
  });

  Deno.test(`BoundedLoad.pick() of ${algorithm} displaces nothing while nothing is in flight`, () => {
    const servers = serversOf([1, 2, 3, 4, 10, 5, 5]);
    const keys = evenKeys(2000);

    const picked = ownersOf(bounded(algorithm, servers, 1), keys);

    assertEquals(countMoved(picked, ownersOf(unbounded(algorithm, servers), keys)), 0);
  });
}

Deno.test("BoundedLoad.pick() goes to the exact bound, rounded up", () => {
  // 1.1 × 10 in doubles is a little above 11.
  const rows = [[110, 1, 9], [110, 2, 19], [125, 4, 15], [100, 3, 5], [150, 7, 100]] as const;
  for (const [percent, count, inFlight] of rows) {
    const servers = equalServers(count);
    const balancer = bounded("consistent_hash", servers, percent / 100);
    const key = 0;
    for (let placed = 0; placed < inFlight; placed++) {
      const server = balancer.pick({ ...ANY, key })!;
      setLoad(balancer, server, server.load + 1);
    }

    const picked = balancer.pick({ ...ANY, key })!;

    // One key fills its servers one after the other: all but the last are full.
    const full = servers.filter((server) => server.load === capacityOf(server, servers, percent));
    assertEquals(full.includes(picked), false);
    const partial = servers.filter((server) => server.load > 0 && !full.includes(server));
    assertLessOrEqual(partial.length, 1 + count / 2);
  }
});

Deno.test("BoundedLoad.pick() counts the work to be placed as in flight", () => {
  const servers = equalServers(3);
  const balancer = bounded("rendezvous", servers, 1);
  for (const [place, load] of [2, 0, 4].entries()) setLoad(balancer, servers[place]!, load);

  // Room for ceil(7 / 3) = 3; of the six alone it were 2, and the first one full.
  const picked = new Set(ownersOf(balancer, evenKeys(50)));

  assertEquals(picked, new Set([servers[0], servers[1]]));
});

Deno.test("BoundedLoad.pick() of one server always has room on it", () => {
  const [server] = equalServers(1) as [FakeServer];
  const balancer = bounded("maglev", [server], 1);
  for (let load = 0; load < 1000; load++) {
    setLoad(balancer, server, load);
    assertEquals(balancer.pick({ ...ANY, eligible: (each) => each === server }), server);
  }
});

Deno.test("BoundedLoad.pick() drops the bound when only full servers are eligible", () => {
  const servers = equalServers(4);
  const balancer = bounded("rendezvous", servers, 1.25);
  setLoad(balancer, servers[2]!, 100);

  const picked = ownersOf(balancer, evenKeys(50), (server) => server === servers[2]);

  assertEquals(new Set(picked), new Set([servers[2]]));
  assertEquals(ownersOf(balancer, evenKeys(50)).includes(servers[2]), false);
});

Deno.test("BoundedLoad.pick() finds out about load that changed elsewhere", () => {
  const servers = equalServers(100);
  const plain = unbounded("consistent_hash", servers);
  const balancer = bounded("consistent_hash", servers, 1);
  const keys = evenKeys(1000);

  // Told of none of it; four servers are looked at a pick.
  for (const server of servers) server.load = 1;
  servers[7]!.load = 2;
  ownersOf(balancer, keys.slice(0, 25));

  // 101 in flight: each has room for ceil(102 / 100) = 2.
  const picked = ownersOf(balancer, keys);
  const others = ownersOf(plain, keys);
  assertEquals(countMoved(others, picked, (owner) => owner !== servers[7]), 0);
  assertEquals(others.includes(servers[7]), true);
  assertEquals(picked.includes(servers[7]), false);
});

Deno.test("BoundedLoad.pick() is that of a new one after any adds, removals and loads", () => {
  const random = seededRandom(29);
  const servers = serversOf([1, 2, 3, 4, 10, 5, 5, 1]);
  const balancer = bounded("consistent_hash", [], 1.25);
  const members = new Set<FakeServer>();
  const keys = evenKeys(100);
  for (let round = 0; round < 2000; round++) {
    const server = servers[wholeBelow(random, servers.length)]!;
    server.load = wholeBelow(random, 20);
    if (random() < 0.6) {
      members.add(server);
      balancer.add(server);
    } else {
      members.delete(server);
      balancer.remove(server);
    }
    // Loads changed without a word: two picks look at eight servers.
    ownersOf(balancer, [1, 2]);

    const fresh = bounded("consistent_hash", [...members], 1.25);
    assertEquals(countMoved(ownersOf(balancer, keys), ownersOf(fresh, keys)), 0);
  }
});

Deno.test("BoundedLoad tells the algorithm all that it is told", () => {
  const told: string[] = [];
  const [server] = equalServers(1) as [FakeServer];
  const balancer = new BoundedLoad<FakeServer>({
    add: ({ id }) => void told.push(`add ${id}`),
    remove: ({ id }) => void told.push(`remove ${id}`),
    pick: () => undefined,
    loadChanged: ({ id }) => void told.push(`load ${id}`),
    weightChanged: ({ id }) => void told.push(`weight ${id}`),
    observe: ({ id }, ms, passed) => void told.push(`observe ${id} ${ms} ${passed}`),
  }, { factor: 1 });

  balancer.add(server);
  balancer.loadChanged(server);
  balancer.weightChanged(server);
  balancer.observe(server, 12, true);
  balancer.remove(server);

  assertEquals(told, ["add s0", "load s0", "weight s0", "observe s0 12 true", "remove s0"]);
});

Deno.test("BoundedLoad.weightChanged() gives room by the new weight, also to the algorithm", () => {
  const servers = equalServers(2);
  const balancer = bounded("consistent_hash", servers, 1);
  setLoad(balancer, servers[0]!, 2);
  setLoad(balancer, servers[1]!, 2);

  servers[0]!.weight = 9;
  balancer.weightChanged(servers[0]!);

  // Room for ceil(4.5) and ceil(0.5).
  assertEquals(new Set(ownersOf(balancer, evenKeys(100))), new Set([servers[0]]));
  for (const server of servers) setLoad(balancer, server, 0);
  const picked = ownersOf(balancer, evenKeys(1000));
  assertAlmostEquals(picked.filter((server) => server === servers[0]).length, 900, 40);
});

Deno.test("BoundedLoad takes no factor below 1", () => {
  const inner = unbounded("maglev", []);
  for (const factor of [0.99, 0, -1, NaN]) {
    assertThrows(() => new BoundedLoad(inner, { factor }), RangeError, "factor must be 1 or more");
  }
});
