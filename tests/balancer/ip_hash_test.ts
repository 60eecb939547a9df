import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { IpHash } from "../../lib/balancer/ip_hash.ts";
import { NETWORK_KEYS, networkKey } from "../../lib/core/network_key.ts";
import {
  equalServers,
  type FakeServer,
  FakeServer as Server,
  pickIds,
  serversOf,
  tally,
  turnsFrom,
} from "../support/farm.ts";
import { countMoved, ownersOf, sharesOf } from "../support/keys.ts";

const KEYS = Array.from({ length: NETWORK_KEYS }, (_, key) => key);

function ipHash(servers: readonly FakeServer[]): IpHash<FakeServer> {
  const balancer = new IpHash<FakeServer>({ nextTurn: turnsFrom(0) });
  for (const server of servers) balancer.add(server);
  return balancer;
}

Deno.test("IpHash.pick() names the server that NGINX does", () => {
  // NGINX walks: w = hash % total; while (w >= weight) { w -= weight; next }.
  const servers = serversOf([5, 1, 2, 4]);

  const picked = ownersOf(ipHash(servers), KEYS);

  for (const key of KEYS) {
    let w = key % 12;
    let place = 0;
    while (w >= servers[place]!.weight) w -= servers[place++]!.weight;
    assertEquals(picked[key], servers[place], `key ${key}`);
  }
});

Deno.test("IpHash.pick() names one server for the clients of one network", () => {
  const balancer = ipHash(equalServers(7));
  const clients = Array.from({ length: 254 }, (_, host) => `198.51.100.${1 + host}`);

  const picked = ownersOf(balancer, clients.map(networkKey));

  assertEquals(new Set(picked).size, 1);
});

Deno.test("IpHash.pick() goes by weights in lowest terms", () => {
  const picked = ownersOf(ipHash(serversOf([100, 300, 200])), KEYS);

  const expected = ownersOf(ipHash(serversOf([1, 3, 2])), KEYS);
  assertEquals(picked.map((server) => server?.id), expected.map((server) => server?.id));
});

Deno.test("IpHash.pick() gives every server its share, however great the weights", () => {
  const weightings = [[1, 1, 1], [10, 1, 4], [97, 103, 101], [997, 1009, 2003], [65_535, 32_768]];
  for (const weights of weightings) {
    const servers = serversOf(weights);

    for (const share of sharesOf(ipHash(servers), servers, KEYS)) {
      assertLess(Math.abs(share - 1), 0.1, `${weights}`);
    }
  }
});

Deno.test("IpHash.remove() and add() of a known server move its own keys only", () => {
  const servers = serversOf([1, 2, 3, 3, 1, 2, 2, 1]);
  const balancer = ipHash(servers);
  const before = ownersOf(balancer, KEYS);

  balancer.remove(servers[3]!);
  const without = ownersOf(balancer, KEYS);
  balancer.add(servers[3]!);

  assertEquals(countMoved(before, without, (owner) => owner !== servers[3]), 0);
  assertEquals(countMoved(before, ownersOf(balancer, KEYS)), 0);
  const heirs = without.filter((_, place) => before[place] === servers[3]);
  for (const server of servers.filter((each) => each !== servers[3])) {
    const fair = heirs.length * server.weight / 12;
    assertLess(Math.abs(heirs.filter((heir) => heir === server).length - fair), fair * 0.35);
  }
});

Deno.test("IpHash.pick() passes over a refused server as over one that is gone", () => {
  const servers = equalServers(10);
  const balancer = ipHash(servers);
  const picked = ownersOf(balancer, KEYS, (server) => server !== servers[4]);

  balancer.remove(servers[4]!);

  assertEquals(countMoved(picked, ownersOf(balancer, KEYS)), 0);
});

Deno.test("IpHash.pick() goes in turn when its tries were in vain", () => {
  const servers = serversOf([10_000, 1, 1]);
  const balancer = ipHash(servers);

  const counts = tally(pickIds(balancer, 1000, (server) => server !== servers[0]));

  assertLess(Math.abs(counts.get("s1")! - 500), 10);
  assertEquals(counts.get("s1")! + counts.get("s2")!, 1000);
});

Deno.test("IpHash.pick() tries twenty places more, and then a round of turns", () => {
  const balancer = ipHash(equalServers(3));
  let asked = 0;

  assertEquals(pickIds(balancer, 1, () => (asked++, false)), ["-"]);

  // Round robin asks those of three turns, and then all.
  assertEquals(asked, 1 + 20 + 3 + 3);
});

Deno.test("IpHash.pick() names the same servers in whatever order they came", () => {
  const servers = serversOf([3, 1, 4, 1, 5, 9, 2, 6]);
  const one = ipHash(servers);
  const other = ipHash(servers.toReversed());
  other.remove(servers[2]!);
  other.add(servers[2]!);

  assertEquals(countMoved(ownersOf(one, KEYS), ownersOf(other, KEYS)), 0);
});

Deno.test("IpHash.weightChanged() is heeded by the line and by the turns after it", () => {
  const servers = serversOf([10_000, 1, 1]);
  const balancer = ipHash(servers);
  balancer.remove(servers[0]!);
  pickIds(balancer, 10);

  servers[2]!.weight = 3;
  balancer.weightChanged(servers[2]!);

  const left = tally(pickIds(balancer, 400));
  assertEquals(left, new Map([["s1", 100], ["s2", 300]]));
  balancer.add(servers[0]!);
  const fresh = ownersOf(ipHash(servers), KEYS);
  assertEquals(countMoved(ownersOf(balancer, KEYS), fresh), 0);
});

Deno.test("IpHash forgets names that came and went for long", () => {
  const stable = equalServers(5);
  const balancer = ipHash(stable);
  for (let round = 0; round < 100; round++) {
    const passing = new Server(`passing-${round}`);
    balancer.add(passing);
    ownersOf(balancer, [round]);
    balancer.remove(passing);
  }

  // A name that is forgotten comes as a new one, which moves nearly all keys.
  const before = ownersOf(balancer, KEYS);
  const returning = new Server("passing-0");
  balancer.add(returning);
  const moved = countMoved(before, ownersOf(balancer, KEYS), (_, owner) => owner !== returning);

  assertGreater(moved / KEYS.length, 0.5);
});

Deno.test("IpHash.pick() holds 10,000 servers", () => {
  const servers = equalServers(10_000);

  const picked = ownersOf(ipHash(servers), KEYS);

  // Balls in bins: 1 - exp(-6271 / 10000) of the servers have a network.
  assertLess(Math.abs(new Set(picked).size / 10_000 - (1 - Math.exp(-0.6271))), 0.02);
});
