import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { LeastConnections } from "../../lib/balancer/least_connections.ts";
import {
  ANY,
  equalServers,
  type FakeServer,
  Farm,
  pickIds,
  serversOf,
  tally,
} from "../support/farm.ts";
import { oneOf, seededRandom, wholeBelow } from "../support/seeded_random.ts";

function leastConnections(servers: readonly FakeServer[]): LeastConnections<FakeServer> {
  const balancer = new LeastConnections<FakeServer>();
  for (const server of servers) balancer.add(server);
  return balancer;
}

function setLoad(balancer: LeastConnections<FakeServer>, server: FakeServer, load: number): void {
  server.load = load;
  balancer.loadChanged(server);
}

/** The cost that the algorithm promises to go by. */
function costOf({ load, weight }: FakeServer): number {
  return load === 0 ? 0 : (load + 1) / weight;
}

Deno.test("LeastConnections.pick() names the least loaded of many", () => {
  const servers = equalServers(100);
  const balancer = leastConnections(servers);
  for (const [place, server] of servers.entries()) setLoad(balancer, server, 100 - place);

  assertEquals(balancer.pick(ANY), servers[99]);
});

Deno.test("LeastConnections.pick() always names one of least cost, told of each change", () => {
  const random = seededRandom(11);
  const servers = serversOf(Array.from({ length: 60 }, () => 1 + wholeBelow(random, 5)));
  const balancer = leastConnections(servers);

  for (let round = 0; round < 5000; round++) {
    setLoad(balancer, oneOf(random, servers), wholeBelow(random, 8));
    const picked = balancer.pick(ANY)!;
    assertEquals(costOf(picked), Math.min(...servers.map(costOf)));
  }
});

Deno.test("LeastConnections.pick() gives ties to the server picked longest ago", () => {
  const balancer = leastConnections(equalServers(10));

  const first = pickIds(balancer, 10);

  assertEquals(new Set(first).size, 10);
  assertEquals(pickIds(balancer, 10), first);
});

Deno.test("LeastConnections.pick() gives ties under load to the server picked longest ago", () => {
  const servers = equalServers(4);
  const balancer = leastConnections(servers);
  for (const server of servers) setLoad(balancer, server, 5);
  const first = pickIds(balancer, 4);
  assertEquals(new Set(first).size, 4);
  assertEquals(pickIds(balancer, 4), first);

  for (const server of servers) setLoad(balancer, server, 2);

  assertEquals(pickIds(balancer, 4), first);
});

Deno.test("LeastConnections.pick() weighs load by weight", () => {
  const servers = serversOf([1, 4]);
  const [light, heavy] = servers as [FakeServer, FakeServer];
  const balancer = leastConnections(servers);

  setLoad(balancer, light, 1);
  setLoad(balancer, heavy, 6);
  assertEquals(balancer.pick(ANY), heavy);

  setLoad(balancer, heavy, 8);
  assertEquals(balancer.pick(ANY), light);
});

Deno.test("LeastConnections.pick() takes idle servers in turn whatever their weight", () => {
  const balancer = leastConnections(serversOf([100, 1, 1]));

  assertEquals(
    tally(pickIds(balancer, 30)),
    new Map([["s0", 10], ["s1", 10], ["s2", 10]]),
  );
});

Deno.test("LeastConnections.pick() prefers an idle server to any busy one", () => {
  const servers = serversOf([65535, 1]);
  const balancer = leastConnections(servers);
  setLoad(balancer, servers[0]!, 1);

  assertEquals(pickIds(balancer, 3), ["s1", "s1", "s1"]);
});

Deno.test("LeastConnections.pick() avoids a server it may not take for the next best", () => {
  const servers = equalServers(5);
  const balancer = leastConnections(servers);
  for (const [place, server] of servers.entries()) setLoad(balancer, server, 1 + place);

  assertEquals(balancer.pick({ key: 0, eligible: ({ load }) => load > 2 }), servers[2]);
});

for (const count of [1, 2, 3, 4]) {
  Deno.test(`LeastConnections.pick() is exact on ${count} servers though nobody tells it`, () => {
    const random = seededRandom(5 + count);
    const servers = equalServers(count);
    const balancer = leastConnections(servers);

    for (let round = 0; round < 5000; round++) {
      for (const server of servers) if (random() < 0.7) server.load = wholeBelow(random, 10);
      assertEquals(balancer.pick(ANY)!.load, Math.min(...servers.map(({ load }) => load)));
    }
  });
}

Deno.test("LeastConnections.pick() is exact though nobody tells it and servers come and go", () => {
  const random = seededRandom(23);
  const servers = equalServers(6);
  const balancer = leastConnections([]);
  const members = new Set<FakeServer>();

  for (let round = 0; round < 5000; round++) {
    const server = oneOf(random, servers);
    if (members.delete(server)) balancer.remove(server);
    else if (members.size < 4) join(server);
    for (const each of servers) if (random() < 0.7) each.load = wholeBelow(random, 10);
    const least = Math.min(...[...members].map(({ load }) => load));
    assertEquals(balancer.pick(ANY)?.load ?? Infinity, least);
  }

  function join(server: FakeServer): void {
    members.add(server);
    balancer.add(server);
  }
});

Deno.test("LeastConnections.pick() finds out about load that went down elsewhere", () => {
  const servers = equalServers(100);
  const balancer = leastConnections(servers);
  for (const server of servers) setLoad(balancer, server, 50);

  for (const freed of servers) {
    freed.load = 1;
    // Four servers are looked at per pick, so 25 picks have seen all of them.
    const picked = pickIds(balancer, 26);
    assertEquals(picked.at(-1), freed.id);
    freed.load = 50;
  }
});

Deno.test("LeastConnections.pick() finds out at once that the best got busy elsewhere", () => {
  const servers = equalServers(100);
  const balancer = leastConnections(servers);
  for (const [place, server] of servers.entries()) setLoad(balancer, server, 10 + place);

  for (let place = 0; place < 99; place++) {
    servers[place]!.load = 1000;
    assertEquals(balancer.pick(ANY), servers[place + 1]);
  }
});

Deno.test("LeastConnections.pick() keeps servers level that other threads load too", () => {
  const servers = equalServers(100);
  const threads = [1, 2, 3].map(() => leastConnections(servers));
  const random = seededRandom(9);
  const working: FakeServer[] = [];

  for (let pick = 0; pick < 20_000; pick++) {
    const balancer = oneOf(random, threads);
    const server = balancer.pick(ANY)!;
    setLoad(balancer, server, server.load + 1);
    working.push(server);
    if (working.length <= 1000) continue;
    const [done] = working.splice(wholeBelow(random, working.length), 1);
    setLoad(oneOf(random, threads), done!, done!.load - 1);
  }

  const loads = servers.map(({ load }) => load);
  assertLessOrEqual(Math.max(...loads), 14);
  assertGreater(Math.min(...loads), 6);
});

Deno.test("LeastConnections.pick() shares by weight on 10,000 busy servers", () => {
  const servers = serversOf(Array.from({ length: 10_000 }, (_, place) => 1 + place % 3));
  const farm = new Farm(leastConnections(servers), 20_000);

  farm.run(40_000);

  for (const { weight, load, id } of servers) {
    assertLessOrEqual(Math.abs(load - weight), 1, id);
  }
});

Deno.test("LeastConnections.remove() takes a busy server out and add() takes it in again", () => {
  const servers = equalServers(3);
  const balancer = leastConnections(servers);
  for (const [place, server] of servers.entries()) setLoad(balancer, server, 1 + place);

  balancer.remove(servers[0]!);
  assertEquals(balancer.pick(ANY), servers[1]);

  servers[0]!.load = 0;
  balancer.add(servers[0]!);
  assertEquals(balancer.pick(ANY), servers[0]);
});

Deno.test("LeastConnections.pick() follows a weight that changes under a standing load", () => {
  const servers = serversOf([20, 1]);
  const balancer = leastConnections(servers);
  for (const server of servers) setLoad(balancer, server, 2);
  assertEquals(pickIds(balancer, 3), ["s0", "s0", "s0"]);

  servers[1]!.weight = 40;
  balancer.weightChanged(servers[1]!);

  assertEquals(pickIds(balancer, 3), ["s1", "s1", "s1"]);
});

Deno.test("LeastConnections.pick() gives a new server of small weight little at once", () => {
  const servers = serversOf([20, 20, 20]);
  const balancer = leastConnections(servers);
  for (const server of servers) setLoad(balancer, server, 50);
  const [added] = serversOf([1]) as [FakeServer];
  balancer.add(added);

  const picks = Array.from({ length: 100 }, () => {
    const server = balancer.pick(ANY)!;
    setLoad(balancer, server, server.load + 1);
    return server;
  });

  assertLessOrEqual(picks.filter((server) => server === added).length, 4);
});

Deno.test("LeastConnections.pick() keeps its order over picks, changes and departures", () => {
  const random = seededRandom(31);
  const servers = serversOf(Array.from({ length: 12 }, () => 1 + wholeBelow(random, 3)));
  const balancer = leastConnections(servers);
  const members = new Set(servers);
  const mayTake = (server: FakeServer) => server.load !== 3;

  for (let round = 0; round < 20_000; round++) {
    const server = oneOf(random, servers);
    const action = random();
    if (action < 0.1) leave(server);
    else if (action < 0.3) reweigh(server);
    else if (action < 0.6) setLoad(balancer, server, wholeBelow(random, 5));
    const accepts = random() < 0.5 ? mayTake : ANY.eligible;
    const costs = [...members].filter(accepts).map(costOf);
    const picked = balancer.pick({ key: 0, eligible: accepts });
    assertEquals(picked === undefined ? Infinity : costOf(picked), Math.min(...costs, Infinity));
  }

  function leave(server: FakeServer): void {
    if (members.delete(server)) balancer.remove(server);
    else {
      members.add(server);
      balancer.add(server);
    }
  }

  function reweigh(server: FakeServer): void {
    server.weight = 1 + wholeBelow(random, 4);
    balancer.weightChanged(server);
  }
});
