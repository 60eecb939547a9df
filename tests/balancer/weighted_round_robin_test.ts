import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import type { RoundRobin } from "../../lib/balancer/round_robin.ts";
import { createWeightedRoundRobin } from "../../lib/balancer/weighted_round_robin.ts";
import { type FakeServer, pickIds, serversOf, tally, turnsFrom } from "../support/farm.ts";
import { oneOf, seededRandom } from "../support/seeded_random.ts";

function smooth(servers: readonly FakeServer[], nextTurn = turnsFrom(0)): RoundRobin<FakeServer> {
  const balancer = createWeightedRoundRobin<FakeServer>({ nextTurn });
  for (const server of servers) balancer.add(server);
  return balancer;
}

Deno.test("weighted_round_robin gives {5, 1, 1} the order of NGINX", () => {
  const balancer = smooth(serversOf([5, 1, 1]));

  assertEquals(pickIds(balancer, 9).join(" "), "s0 s0 s1 s0 s2 s0 s0 s0 s0");
});

Deno.test("weighted_round_robin starts where the shared turn is", () => {
  const balancer = smooth(serversOf([5, 1, 1]), turnsFrom(7 * 100 + 2));

  assertEquals(pickIds(balancer, 3), ["s1", "s0", "s2"]);
});

Deno.test("weighted_round_robin is exact over instances that share their turns", () => {
  const servers = serversOf([5, 1, 3, 3]);
  const nextTurn = turnsFrom(0);
  const threads = [1, 2, 3].map(() => smooth(servers, nextTurn));
  const random = seededRandom(8);

  const picked = Array.from({ length: 1200 }, () => pickIds(oneOf(random, threads), 1)[0]!);

  assertEquals(tally(picked), new Map([["s0", 500], ["s1", 100], ["s2", 300], ["s3", 300]]));
});

Deno.test("weighted_round_robin follows a ramp of weights from step to step", () => {
  const servers = serversOf([20, 20, 20]);
  const balancer = smooth(servers);

  for (let percent = 5; percent <= 100; percent += 5) {
    servers[2]!.weight = percent / 5;
    balancer.weightChanged(servers[2]!);
    const cycle = 40 + percent / 5;
    assertEquals(tally(pickIds(balancer, cycle)).get("s2"), percent / 5, `${percent} %`);
  }
});

Deno.test("weighted_round_robin does not start anew when a weight changes at every pick", () => {
  const servers = serversOf([2, 2, 2]);
  const balancer = smooth(servers);

  const counts = tally(Array.from({ length: 3000 }, (_, i) => {
    servers[2]!.weight = 1 + i % 2;
    balancer.weightChanged(servers[2]!);
    return pickIds(balancer, 1)[0]!;
  }));

  for (const id of ["s0", "s1", "s2"]) assertGreater(counts.get(id) ?? 0, 300, id);
});

Deno.test("weighted_round_robin shares by weight where the cycle is too long for a table", () => {
  const weights = [65_535 * 20, 65_535 * 20 - 1, 65_535 * 7];
  const balancer = smooth(serversOf(weights), turnsFrom(123_456));
  const total = weights.reduce((sum, weight) => sum + weight, 0);

  const counts = tally(pickIds(balancer, 10_000));

  for (const [place, weight] of weights.entries()) {
    const off = Math.abs((counts.get(`s${place}`) ?? 0) - 10_000 * weight / total);
    assertLessOrEqual(off, 3, `s${place}`);
  }
});

Deno.test("weighted_round_robin shares by weight on 10,000 servers", () => {
  const balancer = smooth(serversOf(Array.from({ length: 10_000 }, (_, i) => 1 + i % 3)));

  const counts = tally(pickIds(balancer, 19_999));

  for (let place = 0; place < 10_000; place++) {
    assertEquals(counts.get(`s${place}`), 1 + place % 3, `s${place}`);
  }
});
