import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { Rendezvous } from "../../lib/balancer/rendezvous.ts";
import { equalServers, type FakeServer, FakeServer as Server, serversOf } from "../support/farm.ts";
import { assertForgetsHistory } from "../support/histories.ts";
import { countMoved, evenKeys, ownersOf, sharesOf } from "../support/keys.ts";

const KEYS = evenKeys(20_000);

function rendezvous(servers: readonly FakeServer[]): Rendezvous<FakeServer> {
  const balancer = new Rendezvous<FakeServer>();
  for (const server of servers) balancer.add(server);
  return balancer;
}

/** Farthest that a share of `count` servers is from 1: four standard deviations of its slots. */
const SHARES: readonly (readonly [count: number, farthest: number])[] = [
  [3, 0.022],
  [10, 0.047],
  [100, 0.16],
  [200, 0.055],
];

for (const [count, farthest] of SHARES) {
  Deno.test(`Rendezvous.pick() gives ${count} servers their share to ${farthest}`, () => {
    const servers = equalServers(count);

    const shares = sharesOf(rendezvous(servers), servers, evenKeys(2 ** 20));

    assertLess(Math.max(...shares.map((share) => Math.abs(share - 1))), farthest);
  });
}

Deno.test("Rendezvous.pick() shares by weight", () => {
  const servers = serversOf([1, 2, 3, 4, 10, 65, 15]);

  for (const share of sharesOf(rendezvous(servers), servers, evenKeys(2 ** 16))) {
    assertLess(Math.abs(share - 1), 0.15);
  }
});

Deno.test("Rendezvous.remove() moves exactly the keys of the server removed, evenly", () => {
  const servers = serversOf([1, 2, 3, 3, 1, 2, 2, 1]);
  const balancer = rendezvous(servers);
  const before = ownersOf(balancer, KEYS);

  balancer.remove(servers[3]!);

  const after = ownersOf(balancer, KEYS);
  assertEquals(countMoved(before, after, (owner) => owner !== servers[3]), 0);
  const heirs = after.filter((_, place) => before[place] === servers[3]);
  for (const server of servers.filter((each) => each !== servers[3])) {
    const fair = heirs.length * server.weight / 12;
    assertLess(Math.abs(heirs.filter((heir) => heir === server).length - fair), fair * 0.35);
  }
});

Deno.test("Rendezvous.add() of a new server takes keys and moves no other", () => {
  const [newcomer, ...others] = equalServers(11) as [FakeServer, ...FakeServer[]];
  const balancer = rendezvous(others);
  const before = ownersOf(balancer, KEYS);

  balancer.add(newcomer);

  const after = ownersOf(balancer, KEYS);
  assertEquals(countMoved(before, after, (_, owner) => owner !== newcomer), 0);
  assertLess(Math.abs(countMoved(before, after) / KEYS.length - 1 / 11), 0.01);
});

Deno.test("Rendezvous.pick() is as before once a server that went is back", () => {
  const servers = equalServers(10);
  const balancer = rendezvous(servers);
  const before = ownersOf(balancer, KEYS);

  balancer.remove(servers[3]!);
  // Half of the slots are asked while it is away, and learn another winner.
  ownersOf(balancer, KEYS.slice(0, KEYS.length / 2));
  balancer.add(servers[3]!);

  assertEquals(countMoved(before, ownersOf(balancer, KEYS)), 0);
});

Deno.test("Rendezvous.pick() passes over a refused server as over one that is gone", () => {
  const servers = serversOf([1, 2, 3, 3, 1, 2, 2, 1]);
  const refused = new Set([servers[2], servers[5]]);
  const others = servers.filter((server) => !refused.has(server));

  const picked = ownersOf(rendezvous(servers), KEYS, (server) => !refused.has(server));

  assertEquals(countMoved(picked, ownersOf(rendezvous(others), KEYS)), 0);
});

Deno.test("Rendezvous.weightChanged() moves the difference, to or from that server only", () => {
  const servers = equalServers(10);
  const balancer = rendezvous(servers);
  const before = ownersOf(balancer, KEYS);

  servers[4]!.weight = 2;
  balancer.weightChanged(servers[4]!);
  const heavier = ownersOf(balancer, KEYS);
  servers[4]!.weight = 1;
  balancer.weightChanged(servers[4]!);

  assertEquals(countMoved(before, heavier, (_, owner) => owner !== servers[4]), 0);
  assertLess(Math.abs(countMoved(before, heavier) / KEYS.length - (2 / 11 - 1 / 10)), 0.01);
  assertEquals(countMoved(before, ownersOf(balancer, KEYS)), 0);
});

Deno.test("Rendezvous.pick() is that of a new one after any adds, removals and weights", () => {
  assertForgetsHistory("rendezvous");
});

Deno.test("Rendezvous.pick() is right for slots that missed more changes than are noted", () => {
  const servers = equalServers(100);
  for (const changes of [50, 99, 100, 101, 300, 1000]) {
    const balancer = rendezvous(servers.slice(0, -1));
    ownersOf(balancer, KEYS);
    balancer.add(servers.at(-1)!);
    for (let change = 1; change < changes; change++) {
      balancer.remove(servers[change % 50]!);
      balancer.add(servers[change % 50]!);
    }

    assertEquals(countMoved(ownersOf(balancer, KEYS), ownersOf(rendezvous(servers), KEYS)), 0);
  }
});

Deno.test("Rendezvous.pick() is that of a new one after names came and went for long", () => {
  const stable = equalServers(5);
  const balancer = rendezvous(stable);
  for (let round = 0; round < 300; round++) {
    const passing = new Server(`passing-${round}`);
    balancer.add(passing);
    ownersOf(balancer, KEYS.slice(0, 500));
    balancer.remove(passing);
  }

  assertEquals(countMoved(ownersOf(balancer, KEYS), ownersOf(rendezvous(stable), KEYS)), 0);
});

Deno.test("Rendezvous.pick() asks few servers when the best is refused", () => {
  const balancer = rendezvous(equalServers(1000));
  let asked = 0;

  for (const key of evenKeys(100)) {
    const best = balancer.pick({ key, eligible: () => true });
    balancer.pick({ key, eligible: (server) => (asked++, server !== best) });
  }

  // The best, and then who is better than all before: ln(1000) of them, about 7.
  assertLess(asked / 100, 12);
});

Deno.test("Rendezvous keeps its exactness on both sides of its larger table", () => {
  for (const count of [128, 129, 10_000]) {
    const servers = equalServers(count);
    const balancer = rendezvous(servers);
    const keys = evenKeys(3000);
    const before = ownersOf(balancer, keys);

    const gone = before[0]!;
    balancer.remove(gone);

    const after = ownersOf(balancer, keys);
    assertEquals(countMoved(before, after, (owner) => owner !== gone), 0);
    assertGreater(countMoved(before, after), 0);
    balancer.add(gone);
    assertEquals(countMoved(before, ownersOf(balancer, keys)), 0);
  }
});
