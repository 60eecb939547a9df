import { assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Candidate } from "../../lib/core/types.ts";
import { RoundRobin } from "../../lib/balancer/round_robin.ts";
import {
  ANY,
  equalServers,
  type FakeServer,
  FakeServer as Server,
  pickIds,
  serversOf,
  tally,
  turnsFrom,
} from "../support/farm.ts";
import { oneOf, seededRandom } from "../support/seeded_random.ts";

function roundRobin(
  servers: readonly FakeServer[],
  nextTurn = turnsFrom(0),
): RoundRobin<FakeServer> {
  const balancer = new RoundRobin<FakeServer>({ nextTurn });
  for (const server of servers) balancer.add(server);
  return balancer;
}

function named(...ids: string[]): FakeServer[] {
  return ids.map((id) => new Server(id));
}

Deno.test("RoundRobin.pick() goes round in the order servers were added", () => {
  const balancer = roundRobin(named("a", "b", "c"));

  assertEquals(pickIds(balancer, 7).join(""), "abcabca");
});

Deno.test("RoundRobin.pick() leaves the others even when one is removed", () => {
  const servers = named("a", "b", "c");
  const balancer = roundRobin(servers);
  pickIds(balancer, 2);

  balancer.remove(servers[1]!);

  const picked = pickIds(balancer, 100);
  assertEquals(tally(picked), new Map([["a", 50], ["c", 50]]));
  assertEquals(picked.some((id, place) => id === picked[place + 1]), false);
});

Deno.test("RoundRobin.pick() leaves the others even when one is not eligible", () => {
  const balancer = roundRobin(named("a", "b", "c", "d"));

  const picked = pickIds(balancer, 300, ({ id }) => id !== "b");

  assertEquals(tally(picked), new Map([["a", 100], ["c", 100], ["d", 100]]));
});

Deno.test("RoundRobin.add() and remove() do not start the rotation anew", () => {
  const servers = named("a", "b", "c");
  const balancer = roundRobin(servers);

  const picked = Array.from({ length: 300 }, () => {
    // A server that flaps at every pick: with a restart, "a" would get everything.
    balancer.remove(servers[2]!);
    balancer.add(servers[2]!);
    return pickIds(balancer, 1)[0]!;
  });

  assertEquals(tally(picked), new Map([["a", 100], ["b", 100], ["c", 100]]));
});

Deno.test("RoundRobin.pick() is exact over instances that share their turns", () => {
  const servers = equalServers(7);
  const nextTurn = turnsFrom(0);
  const threads = [1, 2, 3].map(() => roundRobin(servers, nextTurn));
  const random = seededRandom(3);

  const picked = Array.from({ length: 7000 }, () => oneOf(random, threads).pick(ANY)!.id);

  for (const [id, count] of tally(picked)) assertEquals(count, 1000, id);
});

Deno.test("RoundRobin.pick() is exact by weight over instances that share their turns", () => {
  const servers = serversOf([5, 1, 3]);
  const nextTurn = turnsFrom(0);
  const threads = [roundRobin(servers, nextTurn), roundRobin(servers, nextTurn)];

  const picked = Array.from({ length: 900 }, (_, i) => threads[i % 2]!.pick(ANY)!.id);

  assertEquals(tally(picked), new Map([["s0", 500], ["s1", 100], ["s2", 300]]));
});

Deno.test("RoundRobin.pick() is exact over instances with different histories", () => {
  const servers = named("a", "b");
  const nextTurn = turnsFrom(0);
  const old = roundRobin(servers, nextTurn);
  // "a" went down and came back before the other thread was started anew.
  old.remove(servers[0]!);
  old.add(servers[0]!);
  const restarted = roundRobin(servers, nextTurn);

  const picked = Array.from({ length: 200 }, (_, i) => [old, restarted][i % 2]!.pick(ANY)!.id);

  assertEquals(tally(picked), new Map([["a", 100], ["b", 100]]));
});

Deno.test("RoundRobin.pick() is exact over instances that heard of changes in another order", () => {
  const servers = named("a", "b", "c", "d");
  const nextTurn = turnsFrom(0);
  const threads = [roundRobin(servers, nextTurn), roundRobin(servers, nextTurn)];
  for (const [thread, order] of [[threads[0]!, [0, 2]], [threads[1]!, [2, 0]]] as const) {
    for (const place of order) thread.remove(servers[place]!);
    for (const place of order) thread.add(servers[place]!);
  }

  const picked = Array.from({ length: 400 }, (_, i) => threads[i % 2]!.pick(ANY)!.id);

  assertEquals([...tally(picked).values()], [100, 100, 100, 100]);
});

Deno.test("RoundRobin.pick() gives each server exactly its weight over a cycle", () => {
  for (const weights of [[5, 1, 1], [1, 2], [3, 3, 1], [100, 1], [7, 11, 13, 17, 19], [1, 65535]]) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);

    const counts = tally(pickIds(roundRobin(serversOf(weights)), total));

    assertEquals(weights.map((_, place) => counts.get(`s${place}`)), weights);
  }
});

Deno.test("RoundRobin.pick() reduces weights to lowest terms", () => {
  const balancer = roundRobin(serversOf([600, 200, 400]));

  assertEquals(tally(pickIds(balancer, 6)), new Map([["s0", 3], ["s1", 1], ["s2", 2]]));
});

Deno.test("RoundRobin.pick() spreads each server's turns over the cycle", () => {
  const weightings = [
    [5, 1, 1],
    [10, 1],
    [3, 2, 1],
    [50, 30, 20, 1],
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1000, 10, 1],
    Array.from({ length: 100 }, (_, place) => 1 + place % 3),
  ];
  for (const weights of weightings) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const picked = pickIds(roundRobin(serversOf(weights)), 3 * total);

    for (const [place, weight] of weights.entries()) {
      const longest = longestGap(picked, `s${place}`);
      assertLessOrEqual(longest, 3 * total / weight, `weight ${weight} of ${weights}`);
    }
  }
});

/** Most picks from one of `id` to the next. */
function longestGap(picked: readonly string[], id: string): number {
  const places = picked.flatMap((other, place) => other === id ? [place] : []);
  return Math.max(...places.slice(1).map((place, i) => place - places[i]!));
}

Deno.test("RoundRobin.pick() holds weights of 65535 on 10,000 servers", () => {
  const servers = serversOf(Array.from({ length: 10_000 }, (_, i) => i % 2 === 0 ? 65535 : 32767));
  const balancer = roundRobin(servers);

  // Ten picks a server on average: each is close to its share.
  const counts = tally(pickIds(balancer, 100_000));

  for (const [place, { id, weight }] of servers.entries()) {
    const fair = 100_000 * weight / (5000 * (65535 + 32767));
    assertAlmostEquals(counts.get(id) ?? 0, fair, 3, `server ${place}`);
  }
});

Deno.test("RoundRobin.pick() keeps its precision at the end of the turns", () => {
  const servers = serversOf(Array.from({ length: 1000 }, (_, i) => 65535 - i));
  const start = roundRobin(servers, turnsFrom(0));
  const end = roundRobin(servers, turnsFrom(2 ** 32 - 50_000));
  const picksOf = (balancer: RoundRobin<FakeServer>) => tally(pickIds(balancer, 40_000));

  for (const counts of [picksOf(start), picksOf(end)]) {
    for (const { id, weight } of servers) {
      assertAlmostEquals(counts.get(id) ?? 0, 40_000 * weight / (1000 * 65035.5), 3, id);
    }
  }
});

Deno.test("RoundRobin.pick() goes on when the turns wrap at 2^32", () => {
  for (const weights of [[1, 1, 1], [3, 1, 1]]) {
    const balancer = roundRobin(serversOf(weights), turnsFrom(2 ** 32 - 500));
    const total = weights.reduce((sum, weight) => sum + weight, 0);

    const counts = tally(pickIds(balancer, 1000));

    for (const [place, weight] of weights.entries()) {
      assertAlmostEquals(counts.get(`s${place}`) ?? 0, 1000 * weight / total, 3);
    }
  }
});

Deno.test("RoundRobin.pick() finds the one eligible server when others drew its turns", () => {
  const servers = named("a", "b");
  // Every turn that this thread sees belongs to "a".
  let turn = 0;
  const balancer = roundRobin(servers, () => (turn += 2) >>> 0);

  assertEquals(pickIds(balancer, 3, ({ id }) => id === "b"), ["b", "b", "b"]);
});

Deno.test("RoundRobin.pick() stays even among the eligible when others drew their turns", () => {
  const servers = named("a", "b", "c", "d");
  let turn = 0;
  const balancer = roundRobin(servers, () => (turn += 4) >>> 0);

  const picked = pickIds(balancer, 300, ({ id }) => id !== "a");

  assertEquals(tally(picked), new Map([["b", 100], ["c", 100], ["d", 100]]));
});

Deno.test("RoundRobin.pick() draws one turn when every server is eligible", () => {
  let draws = 0;
  const balancer = roundRobin(serversOf([3, 1, 5]), () => draws++);

  pickIds(balancer, 90);

  assertEquals(draws, 90);
});

Deno.test("RoundRobin.pick() asks nothing of servers but their weight", () => {
  const server: Candidate = {
    id: "a",
    weight: 1,
    get load(): number {
      throw new Error("Cannot read load: round robin does not go by it");
    },
  };
  const balancer = new RoundRobin<Candidate>({ nextTurn: turnsFrom(0) });
  balancer.add(server);

  assertEquals(balancer.pick({ key: 0, eligible: () => true }), server);
});

Deno.test("RoundRobin.pick() follows a ramp of weights from step to step", () => {
  const servers = serversOf([20, 20]);
  const balancer = roundRobin(servers);

  for (let weight = 1; weight <= 20; weight++) {
    servers[1]!.weight = weight;
    balancer.weightChanged(servers[1]!);
    assertEquals(tally(pickIds(balancer, 20 + weight)).get("s1"), weight, `weight ${weight}`);
  }
});
