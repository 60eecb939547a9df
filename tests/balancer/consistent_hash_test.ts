import { assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { ConsistentHash } from "../../lib/balancer/consistent_hash.ts";
import { equalServers, type FakeServer, FakeServer as Server, serversOf } from "../support/farm.ts";
import { assertForgetsHistory } from "../support/histories.ts";
import { countMoved, evenKeys, ownersOf, sharesOf } from "../support/keys.ts";

const KEYS = evenKeys(20_000);

function ring(servers: readonly FakeServer[], weightUnit = 1): ConsistentHash<FakeServer> {
  const balancer = new ConsistentHash<FakeServer>({ weightUnit });
  for (const server of servers) balancer.add(server);
  return balancer;
}

/** Least and largest share that 160 points give: six rows of one table, measured with room. */
const SHARES: readonly (readonly [count: number, least: number, largest: number])[] = [
  [3, 0.9, 1.1],
  [5, 0.88, 1.1],
  [10, 0.88, 1.16],
  [100, 0.8, 1.24],
  [1000, 0.73, 1.31],
];

for (const [count, least, largest] of SHARES) {
  Deno.test(`ConsistentHash.pick() gives ${count} servers ${least} to ${largest} of their share`, () => {
    const servers = equalServers(count);

    const shares = sharesOf(ring(servers), servers, evenKeys(500_000));

    assertGreater(Math.min(...shares), least);
    assertLess(Math.max(...shares), largest);
  });
}

Deno.test("ConsistentHash.remove() moves exactly the keys of the server removed", () => {
  const servers = equalServers(10);
  const balancer = ring(servers);
  const before = ownersOf(balancer, KEYS);

  balancer.remove(servers[3]!);

  const after = ownersOf(balancer, KEYS);
  assertEquals(countMoved(before, after, (owner) => owner !== servers[3]), 0);
  assertEquals(after.includes(servers[3]!), false);
  assertGreater(new Set(after.filter((_, place) => before[place] === servers[3])).size, 6);
});

Deno.test("ConsistentHash.add() of a new server takes keys and moves no other", () => {
  const [newcomer, ...others] = equalServers(11) as [FakeServer, ...FakeServer[]];
  const balancer = ring(others);
  const before = ownersOf(balancer, KEYS);

  balancer.add(newcomer);

  const after = ownersOf(balancer, KEYS);
  assertEquals(countMoved(before, after, (_, owner) => owner !== newcomer), 0);
  assertGreater(countMoved(before, after), KEYS.length / 11 * 0.8);
});

Deno.test("ConsistentHash.pick() is as before once a server that went is back", () => {
  const servers = equalServers(10);
  const balancer = ring(servers);
  const before = ownersOf(balancer, KEYS);

  balancer.remove(servers[3]!);
  ownersOf(balancer, KEYS);
  balancer.add(servers[3]!);

  assertEquals(countMoved(before, ownersOf(balancer, KEYS)), 0);
});

Deno.test("ConsistentHash.pick() passes over a refused server as over one that is gone", () => {
  const servers = equalServers(10);
  const refused = new Set([servers[2], servers[5], servers[6]]);
  const others = servers.filter((server) => !refused.has(server));

  const picked = ownersOf(ring(servers), KEYS, (server) => !refused.has(server));

  assertEquals(countMoved(picked, ownersOf(ring(others), KEYS)), 0);
});

Deno.test("ConsistentHash.pick() finds the same server by the short walk and by the long one", () => {
  const servers = equalServers(200);
  // One of a hundred is eligible: hardly any walk of 32 points meets it.
  const left = servers.filter((_, place) => place % 100 === 0);

  const picked = ownersOf(ring(servers), KEYS, (server) => left.includes(server));

  assertEquals(countMoved(picked, ownersOf(ring(left), KEYS)), 0);
});

Deno.test("ConsistentHash.pick() asks each server about once when none is eligible", () => {
  const servers = equalServers(1000);
  const balancer = ring(servers);
  const asked = new Map<FakeServer, number>();

  const picked = balancer.pick({
    key: 5,
    eligible(server) {
      asked.set(server, (asked.get(server) ?? 0) + 1);
      return false;
    },
  });

  assertEquals(picked, undefined);
  assertEquals(asked.size, 1000);
  assertLessOrEqual([...asked.values()].reduce((sum, times) => sum + times, 0), 1032);
});

Deno.test("ConsistentHash.pick() shares by weight, whatever the unit", () => {
  for (const weightUnit of [1, 100]) {
    const servers = serversOf([1, 2, 3, 10].map((weight) => weight * weightUnit));

    for (const share of sharesOf(ring(servers, weightUnit), servers, evenKeys(200_000))) {
      assertLess(Math.abs(share - 1), 0.2);
    }
  }
});

Deno.test("ConsistentHash.pick() goes by weights in their unit alone", () => {
  const picked = ownersOf(ring(serversOf([100, 300, 50]), 100), KEYS);

  const expected = ownersOf(ring(serversOf([2, 6, 1]), 2), KEYS);
  assertEquals(picked.map((server) => server?.id), expected.map((server) => server?.id));
});

Deno.test("ConsistentHash.pick() leaves a server of very small weight a point", () => {
  const servers = serversOf([1, 65_535]);

  const picked = ownersOf(ring(servers, 65_535), evenKeys(1_000_000));

  assertGreater(picked.filter((server) => server === servers[0]).length, 0);
});

Deno.test("ConsistentHash.weightChanged() moves the difference, to that server only", () => {
  const servers = equalServers(10);
  const balancer = ring(servers);
  const before = ownersOf(balancer, KEYS);

  servers[4]!.weight = 2;
  balancer.weightChanged(servers[4]!);

  const after = ownersOf(balancer, KEYS);
  assertEquals(countMoved(before, after, (_, owner) => owner !== servers[4]), 0);
  // From 1/10 to 2/11 of the keys.
  const moved = countMoved(before, after) / KEYS.length;
  assertLess(Math.abs(moved - (2 / 11 - 1 / 10)), 0.025);

  servers[4]!.weight = 1;
  balancer.weightChanged(servers[4]!);
  assertEquals(countMoved(before, ownersOf(balancer, KEYS)), 0);
});

Deno.test("ConsistentHash.pick() is that of a new ring after any adds, removals and weights", () => {
  assertForgetsHistory("consistent_hash");
});

Deno.test("ConsistentHash.pick() is that of a new ring after names came and went for long", () => {
  const stable = equalServers(5);
  const balancer = ring(stable);
  for (let round = 0; round < 6; round++) {
    // As heavy as they are, 120 of them would have the ring made smaller.
    const passing = Array.from({ length: 20 }, (_, i) => new Server(`passing-${round}-${i}`, 400));
    for (const server of passing) balancer.add(server);
    for (const server of passing) balancer.remove(server);
    ownersOf(balancer, [round]);
  }

  assertEquals(countMoved(ownersOf(balancer, KEYS), ownersOf(ring(stable), KEYS)), 0);
});

Deno.test("ConsistentHash.pick() names the new one of two servers that had one id in turn", () => {
  const [old, other] = equalServers(2) as [FakeServer, FakeServer];
  const renewed = new Server(old.id);
  const balancer = ring([old, other]);
  const before = ownersOf(balancer, KEYS);

  balancer.remove(old);
  balancer.add(renewed);
  balancer.remove(old);

  const after = ownersOf(balancer, KEYS);
  assertEquals(after.map((server) => server?.id), before.map((server) => server?.id));
  assertEquals(after.includes(renewed), true);
  assertEquals(after.includes(old), false);
});

Deno.test("ConsistentHash.pick() holds 10,000 servers, also with the largest weights", () => {
  for (const weight of [1, 65_535]) {
    const servers = serversOf(Array.from({ length: 10_000 }, (_, i) => i === 0 ? weight : 1));
    const balancer = ring(servers);
    const keys = evenKeys(100_000);
    const before = ownersOf(balancer, keys);

    balancer.remove(servers[0]!);

    const after = ownersOf(balancer, keys);
    assertEquals(countMoved(before, after, (owner) => owner !== servers[0]), 0);
    assertLess(Math.abs(countMoved(before, after) / keys.length - weight / (weight + 9999)), 0.01);
    assertGreater(new Set(before).size, 5000);
  }
});

Deno.test("ConsistentHash.pick() holds weights that would make the ring too large", () => {
  const servers = serversOf(Array.from({ length: 200 }, () => 65_535));

  for (const share of sharesOf(ring(servers), servers, evenKeys(200_000))) {
    assertLess(Math.abs(share - 1), 0.15);
  }
});
