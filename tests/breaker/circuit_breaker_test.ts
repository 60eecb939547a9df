import { assertEquals, assertGreater, assertLess } from "@std/assert";
import type { BreakerPolicy } from "../../lib/breaker/policy.ts";
import { openTimeMs } from "../../lib/breaker/policy.ts";
import { end, type Ending, GuardedFarm, type GuardedFarmOptions } from "../support/guarded_farm.ts";

const POLICY: BreakerPolicy = {
  failures: 5,
  errorRate: 0.5,
  minRequests: 20,
  windowMs: 10_000,
  openMs: 30_000,
  maxOpenMs: 300_000,
  halfOpenRequests: 3,
};

/** Three backends of which the last ends attempts as told. */
function farmWith(
  ending: GuardedFarmOptions["ending"],
  policy: Partial<BreakerPolicy> = {},
): GuardedFarm {
  const breaker = { ...POLICY, ...policy };
  return new GuardedFarm({
    backends: 3,
    breaker,
    ending: (backend, atMs, random) => backend === 2 ? ending(backend, atMs, random) : "good",
  });
}

for (const ending of ["refused", "reset", "late", "500", "502"] as const) {
  Deno.test(`CircuitBreaker opens at the fifth failure in a row of a backend: ${ending}`, () => {
    const farm = farmWith(() => ending, { errorRate: 0 });

    farm.run(29_000);

    assertEquals(farm.attempts[2], 5);
    assertEquals(farm.refused, 0);
    assertEquals(farm.transcript.length, 1);
    assertEquals(farm.transcript[0]!.slice(0, 32), "100 b2 open consecutive_failures");
  });
}

Deno.test("CircuitBreaker never opens for ends that clients caused", () => {
  const farm = farmWith(() => "client", { errorRate: 0.01, minRequests: 1 });

  farm.run(20_000);

  assertEquals(farm.transcript, []);
  assertGreater(farm.attempts[2]!, 6000);
});

Deno.test("CircuitBreaker tries three requests, and closes when all pass", () => {
  const farm = farmWith((_, atMs) => atMs < 1000 ? "refused" : "good");
  farm.run(1000);
  const openMs = Number(farm.transcript[0]!.split(" ").at(-1));

  farm.run(openMs + 500);

  assertEquals(farm.transcript.slice(1).map((line) => line.split(" ").slice(1).join(" ")), [
    "b2 half_open",
    "b2 closed",
  ]);
  assertEquals(farm.shares(300), [100, 100, 100]);
});

Deno.test("CircuitBreaker opens for ever longer while trials fail, up to the most", () => {
  const farm = farmWith(() => "refused", { maxOpenMs: 100_000 });

  farm.run(700_000);

  const opened = farm.transcript.filter((line) => line.includes(" open "));
  const times = opened.map((line) => Number(line.split(" ").at(-1)));
  for (const [index, base] of [30_000, 60_000, 100_000, 100_000].entries()) {
    assertGreater(times[index]!, base - 1);
    assertLess(times[index]!, base * 1.25 + 1);
  }
  assertEquals(opened.slice(1).every((line) => line.includes("trial_failed")), true);
  // Five at first, and one trial each time: the first that fails ends the round.
  assertEquals(farm.attempts[2], 5 + opened.length - 1);
});

Deno.test("CircuitBreaker begins with the shortest time again after a rest", () => {
  const isBad = (atMs: number) => atMs < 100_000 || (atMs > 400_000 && atMs < 400_500);
  const farm = farmWith((_, atMs) => isBad(atMs) ? "refused" : "good");

  farm.run(401_000);

  const times = farm.transcript.filter((line) => line.includes(" open "))
    .map((line) => Number(line.split(" ").at(-1)));
  assertLess(times.at(-1)!, 37_501);
  assertGreater(times[1]!, 59_999);
});

Deno.test("CircuitBreaker opens at the error rate, and not below it", () => {
  const rate = (share: number) => (_: number, __: number, random: () => number): Ending =>
    random() < share ? "500" : "good";

  const half = farmWith(rate(0.6), { failures: 0 }).run(10_000);
  const fifth = farmWith(rate(0.2), { failures: 0 }).run(20_000);
  const strict = farmWith(rate(0.2), { failures: 0, errorRate: 0.1 }).run(10_000);

  assertEquals(half.transcript.length, 1);
  assertEquals(half.transcript[0]!.includes("error_rate"), true);
  assertEquals(fifth.transcript, []);
  assertEquals(strict.transcript.length, 1);
});

Deno.test("CircuitBreaker takes no share of too little work for a sign", () => {
  const farm = farmWith(() => "500", { failures: 0, minRequests: 100 });

  farm.run(290);
  assertEquals(farm.transcript, []);
  farm.run(200);

  assertEquals(farm.transcript.length, 1);
});

Deno.test("CircuitBreaker holds off every backend when all are bad, and lets them come back", () => {
  const farm = new GuardedFarm({
    backends: 3,
    breaker: POLICY,
    ending: (_, atMs) => atMs < 10_000 ? "reset" : "good",
  });

  farm.run(1000);
  assertEquals(farm.attempts, [5, 5, 5]);
  assertEquals(farm.upstreams[0]!.refusal(), "circuit_open");
  assertEquals(farm.refused, 1000 - 15);
  farm.run(60_000);

  assertEquals(farm.shares(30), [10, 10, 10]);
  assertEquals(farm.upstreams[0]!.refusal(), undefined);
});

Deno.test("CircuitBreaker does not count work that began before it opened", () => {
  const farm = farmWith((_, atMs) => atMs < 1000 ? "refused" : "good");
  const [upstream] = farm.upstreams;
  const backend = upstream!.backends.get("b2")!;
  const hanging = Array.from({ length: 20 }, () => upstream!.acquirePreferred(backend));
  farm.run(60_000);
  assertEquals(farm.transcript.length, 3);

  for (const lease of hanging) {
    end(lease, "late");
    lease?.[Symbol.dispose]();
  }
  farm.run(1000);

  assertEquals(farm.transcript.length, 3);
});

Deno.test("CircuitBreaker makes trials anew that end without a word, or never", () => {
  const farm = farmWith((_, atMs) => atMs < 1000 ? "refused" : "client");
  farm.run(40_000);
  const before = farm.attempts[2]!;
  farm.run(3000);
  // What says nothing gives its trial back.
  assertGreater(farm.attempts[2]!, before + 10);
  const [upstream] = farm.upstreams;
  const backend = upstream!.backends.get("b2")!;
  const take = () => upstream!.acquirePreferred(backend);
  assertEquals([take(), take(), take(), take()].map((lease) => lease !== undefined), [
    true,
    true,
    true,
    false,
  ]);

  farm.run(31_000);

  assertEquals(take() !== undefined, true);
});

Deno.test("CircuitBreaker gives a backend its share by and by when it closes", () => {
  const farm = new GuardedFarm({
    backends: 2,
    breaker: POLICY,
    slowStartMs: 10_000,
    ending: (backend, atMs) => backend === 1 && atMs < 1000 ? "refused" : "good",
  });
  farm.run(1000);
  while (!farm.transcript.at(-1)!.endsWith("closed")) farm.run(100);

  const early = farm.shares(500)[1]!;
  farm.run(10_000);

  assertLess(early, 100);
  assertEquals(farm.shares(100), [50, 50]);
});

Deno.test("CircuitBreaker.excuse() puts off deadlines and forgets the window", () => {
  const farm = farmWith(() => "500", { failures: 0, minRequests: 200 });
  farm.run(590);
  for (const circuit of farm.circuits) circuit.excuse(60_000, farm.nowMs);

  farm.run(400);

  assertEquals(farm.transcript, []);
  farm.run(500);
  const openMs = Number(farm.transcript[0]!.split(" ").at(-1));
  for (const circuit of farm.circuits) circuit.excuse(60_000, farm.nowMs);
  farm.run(openMs + 1000);
  assertEquals(farm.transcript.length, 1);
});

Deno.test("CircuitBreaker writes the same transcript for the same seed", () => {
  const flapping: GuardedFarmOptions["ending"] = (_, __, random) =>
    random() < 0.5 ? "reset" : "good";
  const run = (seed: number) => {
    return new GuardedFarm({ backends: 3, breaker: POLICY, seed, ending: flapping })
      .run(200_000).transcript.join("\n");
  };

  assertEquals(run(7), run(7));
  assertEquals(run(7) === run(8), false);
});

Deno.test("openTimeMs() doubles, stops at the most, and is never less than said", () => {
  const times = [0, 1, 2, 3, 9].map((openings) => openTimeMs(POLICY, openings, () => 0));

  assertEquals(times, [30_000, 60_000, 120_000, 240_000, 300_000]);
  assertEquals(openTimeMs({ ...POLICY, maxOpenMs: 1 }, 3, () => 0), 30_000);
  assertEquals(openTimeMs(POLICY, 0, () => 1), 37_500);
});
