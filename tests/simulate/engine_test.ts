import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { CHECK, resultOf } from "../support/simulation.ts";

/** One server with `slots` slots, Poisson arrivals, exponential service of 10 ms: M/M/c. */
function queue(slots: number, load: number) {
  const ratePerS = 100 * slots * load;
  return resultOf("round_robin", {
    weights: [1],
    concurrency: slots,
    ratePerS,
    requests: 600_000,
  }).latencyMs;
}

/** Chance to wait in M/M/c (Erlang C). */
function erlangC(servers: number, offered: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < servers; k++) {
    term *= offered / k;
    sum += term;
  }
  const last = term * offered / servers * servers / (servers - offered);
  return last / (sum + last);
}

for (const load of [0.3, 0.7, 0.8]) {
  Deno.test(`Engine agrees with the theory of M/M/1 at load ${load}`, () => {
    const latency = queue(1, load);

    // The time in the system is exponential with this mean.
    const meanMs = 10 / (1 - load);
    assertAlmostEquals(latency.mean!, meanMs, meanMs * 0.04);
    assertAlmostEquals(latency.p50!, meanMs * Math.LN2, meanMs * 0.04);
    assertAlmostEquals(latency.p99!, meanMs * Math.log(100), meanMs * Math.log(100) * 0.05);
  });
}

for (const slots of [2, 8]) {
  Deno.test(`Engine agrees with the theory of M/M/${slots}`, () => {
    const load = 0.8;
    const latency = queue(slots, load);

    const wait = erlangC(slots, slots * load);
    const freeRate = slots * (1 - load) / 10;
    const meanMs = wait / freeRate + 10;
    assertAlmostEquals(latency.mean!, meanMs, meanMs * 0.04);
    const p99Ms = timeInSystem(wait, freeRate, 0.99);
    assertAlmostEquals(latency.p99!, p99Ms, p99Ms * 0.05);
  });
}

/** Quantile of the time in an M/M/c system: an exponential service after the wait, if there is one. */
function timeInSystem(wait: number, freeRate: number, q: number): number {
  const rate = 1 / 10;
  const beyond = (ms: number) => {
    const both = (rate * Math.exp(-freeRate * ms) - freeRate * Math.exp(-rate * ms)) /
      (rate - freeRate);
    return (1 - wait) * Math.exp(-rate * ms) + wait * both;
  };
  let ms = 0;
  while (beyond(ms) > 1 - q) ms += 0.01;
  return ms;
}

Deno.test("Engine lets nobody wait for evenly spaced work that fits", () => {
  const { latencyMs } = resultOf("round_robin", {
    load: {
      kind: "uniform",
      ratePerS: 999,
      service: { distribution: "constant", meanMs: 10 },
      keys: { count: 1, zipf: 0 },
    },
  });

  assertAlmostEquals(latencyMs.max!, 10, 1e-6);
});

Deno.test("Engine shows that least_connections beats round_robin at p99", () => {
  const [inTurn, byLoad] = ["round_robin", "least_connections"].map((algorithm) =>
    resultOf(algorithm, { ratePerS: 800, requests: 100_000 })
  );

  assertLess(byLoad!.latencyMs.p99!, 0.75 * inTurn!.latencyMs.p99!);
  assertLess(byLoad!.latencyMs.p50!, inTurn!.latencyMs.p50!);
});

Deno.test("Engine sends round_robin's requests by weight, exactly", () => {
  const { shares, imbalance } = resultOf("round_robin", { weights: [3, 1, 1], requests: 5000 });

  assertEquals(shares, [0.6, 0.2, 0.2]);
  assertEquals(imbalance, 1);
});

Deno.test("Engine sends nothing to a drained backend", () => {
  const { shares, imbalance } = resultOf("least_connections", { weights: [1, 0, 1] });

  assertEquals(shares[1], 0);
  assertLess(imbalance, 1.1);
});

Deno.test("Engine gives a crashed backend no traffic after fall checks, and some when it is back", () => {
  // 28.6 s at 700/s. Away from 20 % (5.7 s) for good; checks each second, three take it out.
  const forGood = resultOf("round_robin", { fault: ["crash:0@20%"] });
  const [atLeast, atMost] = [5714 / 28_571, (5714 + 3 * 1100 + 1100) / 28_571];
  assertGreater(forGood.shares[0]!, 0.1 * atLeast);
  assertLess(forGood.shares[0]!, 0.1 * atMost);

  const unchecked = resultOf("round_robin", { fault: ["crash:0@20%"], check: RARE });
  assertGreater(unchecked.shares[0]!, 0.09);

  const back = resultOf("round_robin", { fault: ["crash:0@20%-40%"] });
  assertGreater(back.shares[0]!, forGood.shares[0]! + 0.04);
  assertEquals([forGood.errors.total, back.errors.total], [0, 0]);
  assertGreater(forGood.retries, 100);
});

const RARE = { ...CHECK, intervalMs: 1e6, rise: 1, fall: 1 };

Deno.test("Engine cuts what a crashing backend works on, and tries it elsewhere", () => {
  const crash = { fault: ["crash:0@50%"], ratePerS: 950, requests: 2000 };
  const withRetries = resultOf("round_robin", crash);
  const without = resultOf("round_robin", { ...crash, retry: { attempts: 0, on: [], budget: 0 } });

  assertEquals(withRetries.errors.total, 0);
  assertGreater(without.errors.reset, 0);
  assertGreater(without.errors.connect, 10);
});

Deno.test("Engine has no answer while every backend is gone", () => {
  const { errors, requests, latencyMs } = resultOf("round_robin", {
    weights: [1, 1],
    fault: ["crash:all@0%"],
  });

  assertEquals([errors.total, latencyMs.p99], [requests, null]);
  // The first check of each decides alone: there is no request before it.
  assertEquals(errors.no_backend, requests);
});

Deno.test("Engine shows that least_connections runs into a backend that fails fast", () => {
  const fault = ["fail-fast:0@25%-75%"];
  const retry = { attempts: 0, on: [], budget: 0 } as const;
  const inTurn = resultOf("round_robin", { fault, retry });
  const byLoad = resultOf("least_connections", { fault, retry });

  assertAlmostEquals(inTurn.errors.status / inTurn.requests, 0.05, 0.005);
  assertGreater(byLoad.errors.status, 1.5 * inTurn.errors.status);
});

Deno.test("Engine keeps retries within the budget", () => {
  const options = { fault: ["fail-fast:all"], weights: [1, 1, 1, 1], ratePerS: 1000 };
  const result = resultOf("round_robin", { ...options, requests: 50_000 });

  assertGreater(result.retriesDenied, 0);
  // A fifth of the requests, and ten a second for fifty seconds beside the floor of a window.
  assertLess(result.retries, 0.2 * 50_000 + 10 * 60 + 1);
  assertGreater(result.retries, 0.19 * 50_000);
});

Deno.test("Engine gives up on answers that take too long, and counts them", () => {
  const options = { weights: [1], ratePerS: 50, timeoutMs: 30, requests: 5000 };
  const { errors, latencyMs } = resultOf("round_robin", options);

  assertGreater(errors.timeout, 100);
  assertLess(latencyMs.max!, 3 * 30 + 250 + 500);
});

Deno.test("Engine brings a deploy wave to its end without many errors", () => {
  for (const algorithm of ["round_robin", "least_connections"]) {
    const fault = ["deploy:all:5%:2x:5%@20%"];
    const { errors, requests, shares } = resultOf(algorithm, { fault, ratePerS: 400 });

    assertLess(errors.total, requests / 1000, algorithm);
    assert(shares.every((share) => share > 0.08), algorithm);
  }
});

Deno.test("Engine makes clients that wait come back no faster than they are answered", () => {
  const { requests, latencyMs } = resultOf("least_connections", {
    weights: [1],
    load: {
      kind: "closed",
      clients: 3,
      thinkMs: 0,
      service: { distribution: "constant", meanMs: 10 },
      keys: { count: 1, zipf: 0 },
    },
    requests: 1000,
    durationMs: 10_000,
  });

  assertEquals(requests, 1000);
  // Three clients, one slot: each waits for the other two.
  assertAlmostEquals(latencyMs.p50!, 30, 0.3);
  assertAlmostEquals(latencyMs.max!, 30, 1e-6);
});

Deno.test("Engine takes a slow backend's work elsewhere when the algorithm goes by load", () => {
  const fault = ["slow:0:10x"];
  const { shares } = resultOf("least_connections", { fault });

  assertLess(shares[0]!, 0.04);
  assertGreater(shares[1]!, 0.1);
});
