import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { PeakEwma } from "../../lib/balancer/peak_ewma.ts";
import { ANY, equalServers, type FakeServer, serversOf } from "../support/farm.ts";
import { type Behaviour, Simulation } from "../support/latency_simulation.ts";
import { seededRandom } from "../support/seeded_random.ts";

const FINE: Behaviour = () => ({ ms: 10, passed: true });

Deno.test("PeakEwma.pick() starves none of five equal servers after one slow answer", () => {
  for (const everyMs of [1, 5, 50]) {
    const servers = equalServers(5);
    let slow = true;
    const simulation = new Simulation(servers, (server) => {
      if (server !== servers[0] || !slow) return { ms: 10, passed: true };
      slow = false;
      return { ms: 10_000, passed: true };
    });
    // The slow answer takes 10 s, its estimate another 10 s.
    simulation.run(21_000, everyMs);

    const counts = simulation.run(60_000, everyMs);

    const fair = 60_000 / everyMs / 5;
    for (const server of servers) {
      assertGreater(counts.get(server) ?? 0, fair / 2, `${server.id}, work every ${everyMs} ms`);
    }
  }
});

Deno.test("PeakEwma.pick() gives a server that fails fast one piece of work per 10 s", () => {
  const servers = equalServers(5);
  const simulation = new Simulation(
    servers,
    (server) => server === servers[0] ? { ms: 1, passed: false } : { ms: 10, passed: true },
  );

  const counts = simulation.run(100_000, 2);

  assertLessOrEqual(counts.get(servers[0]!) ?? 0, 11);
  assertGreater(counts.get(servers[0]!) ?? 0, 5);
});

Deno.test("PeakEwma.pick() takes a server back soon after it recovered", () => {
  const servers = equalServers(5);
  const simulation = new Simulation(
    servers,
    (server, nowMs) =>
      server === servers[0] && nowMs < 30_000 ? { ms: 1, passed: false } : { ms: 10, passed: true },
  );
  simulation.run(30_000 + 11_000, 2);

  const counts = simulation.run(10_000, 2);

  assertGreater(counts.get(servers[0]!) ?? 0, 10_000 / 2 / 5 / 2);
});

Deno.test("PeakEwma.pick() gives most work to the one of two that is ten times faster", () => {
  const servers = equalServers(2);
  const simulation = new Simulation(
    servers,
    (server) => ({ ms: server === servers[0] ? 10 : 100, passed: true }),
  );

  const counts = simulation.run(60_000, 2);

  assertLess(counts.get(servers[1]!) ?? 0, 60_000 / 2 * 0.2);
  assertGreater(counts.get(servers[1]!) ?? 0, 0);
});

Deno.test("PeakEwma.pick() forgets a time of slowness as new samples come", () => {
  const servers = equalServers(2);
  const slowUntil = 5000;
  const simulation = new Simulation(servers, (server, nowMs) => ({
    ms: server === servers[0] && nowMs < slowUntil ? 60 : 20,
    passed: true,
  }));
  simulation.run(slowUntil + 20_000, 2);

  const counts = simulation.run(20_000, 2);

  assertGreater(counts.get(servers[0]!) ?? 0, 20_000 / 2 * 0.35);
});

Deno.test("PeakEwma.pick() believes samples as much, however often it reads between them", () => {
  const shares = [1, 200].map((reads) => {
    const [one, other] = equalServers(2) as [FakeServer, FakeServer];
    let nowMs = 0;
    const balancer = new PeakEwma<FakeServer>({ random: seededRandom(2), now: () => nowMs });
    for (const server of [one, other]) balancer.add(server);
    one.load = other.load = 4;
    balancer.observe(one, 1000, true);
    balancer.observe(other, 100, true);
    for (; nowMs < 40_000; nowMs += 1000) {
      for (let i = 0; i < reads; i++) balancer.pick(ANY);
      balancer.observe(one, 50, true);
      balancer.observe(other, 100, true);
    }
    return balancer.pick(ANY);
  });

  assertEquals(shares.map((server) => server?.id), ["s0", "s0"]);
});

Deno.test("PeakEwma.pick() takes one slow sample at once", () => {
  const servers = equalServers(2);
  const simulation = new Simulation(servers, FINE);
  simulation.run(5000, 5);
  for (const server of servers) server.load = 1;

  simulation.balancer.observe(servers[0]!, 200, true);

  for (let i = 0; i < 50; i++) assertEquals(simulation.balancer.pick(ANY), servers[1]);
});

Deno.test("PeakEwma.pick() neither runs a new server over nor starves it", () => {
  const servers = equalServers(10);
  const simulation = new Simulation(servers, () => ({ ms: 100, passed: true }));
  simulation.run(20_000, 2);
  const [added] = serversOf([1]) as [FakeServer];
  simulation.balancer.add(added);

  const counts = simulation.run(2000, 2);

  // Fair are 91.
  assertLess(counts.get(added) ?? 0, 180);
  assertGreater(counts.get(added) ?? 0, 45);
});

Deno.test("PeakEwma.pick() neither starves a new server where answers are rare", () => {
  const servers = equalServers(4);
  const simulation = new Simulation(servers, FINE);
  simulation.run(5000, 5);
  // Long connections: nobody answers any more, and nothing ends.
  simulation.nowMs += 100_000;
  for (const server of servers) server.load = 100;
  const [added] = serversOf([1]) as [FakeServer];
  simulation.balancer.add(added);

  const picks = Array.from({ length: 200 }, () => {
    const server = simulation.balancer.pick(ANY)!;
    server.load++;
    return server;
  });

  // Drawn in two of five pairs.
  const part = picks.filter((server) => server === added).length;
  assertGreater(part, 50);
  assertLess(part, 120);
});

Deno.test("PeakEwma.pick() has one trial at a time, even while nothing is in flight", () => {
  const servers = equalServers(2);
  const simulation = new Simulation(servers, FINE);
  simulation.run(1000, 10);
  for (const server of servers) server.load = 0;
  simulation.balancer.observe(servers[0]!, 1, false);
  simulation.nowMs += 10_020;
  simulation.balancer.observe(servers[1]!, 10, true);

  const picks = Array.from({ length: 100 }, () => simulation.balancer.pick(ANY)!.id);

  assertEquals(picks.filter((id) => id === "s0").length, 1);
});

Deno.test("PeakEwma remembers a server over removal and change of weight", () => {
  const servers = equalServers(2);
  const simulation = new Simulation(servers, FINE);
  simulation.run(1000, 10);
  const { balancer } = simulation;
  for (const server of servers) server.load = 1;
  balancer.observe(servers[0]!, 5000, true);

  balancer.remove(servers[0]!);
  balancer.add(servers[0]!);
  servers[0]!.weight = 2;
  balancer.weightChanged();

  for (let i = 0; i < 50; i++) assertEquals(balancer.pick(ANY), servers[1]);
});

Deno.test("PeakEwma.pick() shares idle equals by weight though their latencies differ a little", () => {
  const servers = serversOf([1, 3]);
  const random = seededRandom(12);
  const simulation = new Simulation(servers, () => ({ ms: 10 + 8 * random(), passed: true }));

  const counts = simulation.run(200_000, 50);

  const part = (counts.get(servers[1]!) ?? 0) / 4000;
  assert(part > 0.7 && part < 0.8, `${part}`);
});

Deno.test("PeakEwma.pick() follows a ramp of weights under load", () => {
  const servers = serversOf([20, 20, 20]);
  const simulation = new Simulation(servers, () => ({ ms: 400, passed: true }));

  for (const weight of [2, 10, 20]) {
    servers[2]!.weight = weight;
    simulation.balancer.weightChanged();
    simulation.run(2000, 1);
    const part = (simulation.run(8000, 1).get(servers[2]!) ?? 0) / 8000;
    const fair = weight / (40 + weight);
    assertLess(Math.abs(part - fair), 0.2 * fair, `weight ${weight}: ${part}`);
  }
});

Deno.test("PeakEwma.pick() keeps 10,000 servers level", () => {
  const servers = equalServers(10_000);
  const balancer = new PeakEwma<FakeServer>({ random: seededRandom(3), now: () => 0 });
  for (const server of servers) balancer.add(server);

  for (let pick = 0; pick < 100_000; pick++) balancer.pick(ANY)!.load++;

  assertLessOrEqual(Math.max(...servers.map(({ load }) => load)), 13);
});

/** Two busy servers and a clock that the test sets. */
class Pair {
  readonly servers = equalServers(2) as [FakeServer, FakeServer];
  readonly balancer: PeakEwma<FakeServer>;
  nowMs = 0;

  constructor(seed = 1) {
    this.balancer = new PeakEwma({ random: seededRandom(seed), now: () => this.nowMs });
    for (const server of this.servers) this.balancer.add(server);
  }

  /** Observes latencies of the first and the second, `undefined` for none. */
  observe(atMs: number, ...latencies: readonly (number | undefined)[]): void {
    this.nowMs = atMs;
    for (const [place, ms] of latencies.entries()) {
      if (ms !== undefined) this.balancer.observe(this.servers[place]!, ms, true);
    }
  }

  pickWithLoads(...loads: readonly [number, number]): FakeServer | undefined {
    for (const [place, server] of this.servers.entries()) server.load = loads[place]!;
    return this.balancer.pick(ANY);
  }
}

Deno.test("PeakEwma.pick() tries a stale idle server, whichever of two is drawn first", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const pair = new Pair(seed);
    pair.observe(0, 5000, 10);
    pair.observe(10_010, undefined, 10);

    assertEquals(pair.pickWithLoads(0, 0), pair.servers[0], `seed ${seed}`);
  }
});

Deno.test("PeakEwma.pick() lets a peak fade though the server is never idle", () => {
  const pair = new Pair();
  pair.observe(0, 1000, 100);
  for (let atMs = 0; atMs <= 40_000; atMs += 100) pair.observe(atMs, undefined, 100);

  assertEquals(pair.pickWithLoads(1, 2), pair.servers[0]);
});

Deno.test("PeakEwma.pick() does not think better of a server that stopped answering", () => {
  const pair = new Pair();
  pair.observe(0, 100, 100);
  for (let atMs = 0; atMs <= 30_000; atMs += 100) pair.observe(atMs, undefined, 100);

  assertEquals(pair.pickWithLoads(4, 1), pair.servers[1]);
});

Deno.test("PeakEwma.pick() prefers an idle server to a busy one of any weight", () => {
  const pair = new Pair();
  pair.observe(0, 100, 100);
  pair.servers[1].weight = 10;
  pair.balancer.weightChanged();

  for (let i = 0; i < 20; i++) assertEquals(pair.pickWithLoads(0, 1), pair.servers[0]);
});

Deno.test("PeakEwma.pick() takes an unknown server for a usual one though others fail fast", () => {
  const pair = new Pair();
  const [failing] = equalServers(1) as [FakeServer];
  pair.balancer.add(failing);
  pair.observe(0, undefined, 100);
  for (let i = 0; i < 100; i++) pair.balancer.observe(failing, 1, false);
  pair.balancer.remove(failing);

  assertEquals(pair.pickWithLoads(5, 3), pair.servers[1]);
});
