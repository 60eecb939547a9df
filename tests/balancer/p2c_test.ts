import { assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { P2c } from "../../lib/balancer/p2c.ts";
import { ANY, assertShares, equalServers, Farm, filled, serversOf } from "../support/farm.ts";
import { seededRandom, wholeBelow } from "../support/seeded_random.ts";

function p2c(seed = 1): P2c<ReturnType<typeof equalServers>[number]> {
  return new P2c({ random: seededRandom(seed) });
}

for (const count of [10, 100, 1000]) {
  Deno.test(`P2c.pick() fills ${count} servers evenly to 1000 each`, () => {
    const servers = equalServers(count);
    const balancer = filled(p2c, servers);

    for (let pick = 0; pick < 1000 * count; pick++) balancer.pick(ANY)!.load++;

    assertLessOrEqual(Math.max(...servers.map(({ load }) => load)), 1003);
  });
}

Deno.test("P2c.pick() is exact on two servers, whatever their weights", () => {
  const random = seededRandom(3);
  const servers = serversOf([1, 50]);
  const balancer = filled(p2c, servers);

  for (let round = 0; round < 2000; round++) {
    for (const server of servers) server.load = 1 + wholeBelow(random, 100);
    const [light, heavy] = servers.map(({ load, weight }) => (load + 1) / weight);
    if (light === heavy) continue;
    assertEquals(balancer.pick(ANY), servers[light! < heavy! ? 0 : 1]);
  }
});

Deno.test("P2c.pick() shares idle servers by weight", () => {
  const servers = serversOf([1, 2, 7]);
  const farm = new Farm(filled(p2c, servers), 0);

  farm.run(20_000);

  assertShares(farm, servers, 0.1);
});

Deno.test("P2c.pick() prefers an idle server to a busy one of any weight", () => {
  const servers = serversOf([1, 65_535]);
  servers[1]!.load = 1;
  const balancer = filled(p2c, servers);

  for (let i = 0; i < 100; i++) assertEquals(balancer.pick(ANY), servers[0]);
});

Deno.test("P2c.pick() does not run a new idle server over", () => {
  const servers = equalServers(20);
  for (const server of servers) server.load = 50;
  const balancer = filled(p2c, servers);
  const [added] = serversOf([1]);
  balancer.add(added!);

  const picks = Array.from({ length: 100 }, () => balancer.pick(ANY)!);

  // It is one of two drawn of 21 in 9.5 of 100 picks.
  assertLess(picks.filter((server) => server === added).length, 20);
});

Deno.test("P2c.pick() follows a ramp of weights from step to step", () => {
  const servers = serversOf([20, 20, 20]);
  const balancer = filled(p2c, servers);

  for (const weight of [1, 5, 10, 20]) {
    servers[2]!.weight = weight;
    balancer.weightChanged?.(servers[2]!);
    const farm = new Farm(balancer, 600);
    farm.run(20_000);
    for (const server of servers) server.load = 0;
    assertShares(farm, servers, 0.15);
  }
});

Deno.test("P2c.pick() keeps 10,000 servers level", () => {
  const servers = equalServers(10_000);
  const balancer = filled(p2c, servers);

  for (let pick = 0; pick < 100_000; pick++) balancer.pick(ANY)!.load++;

  assertLessOrEqual(Math.max(...servers.map(({ load }) => load)), 13);
});
