import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import type { LimitPolicy } from "../../lib/limit/create_limit.ts";
import { type PlanOptions, resultOf, specsOf } from "../support/simulation.ts";

const QUEUE = { size: 100, timeoutMs: 10_000, targetMs: 100, intervalMs: 500 };
const NO_RETRY = { attempts: 0, on: [], budget: 0 } as const;
const SLOTS = 10;

/** One backend with ten slots, work of 10 ms, at that share of what it can do. */
function run(load: number, options: PlanOptions = {}) {
  return resultOf("round_robin", {
    weights: [1],
    concurrency: SLOTS,
    ratePerS: load * SLOTS * 100,
    requests: 60_000,
    retry: NO_RETRY,
    ...options,
  });
}

Deno.test("Engine has work wait in the queue while max_connections are reached, and loses none", () => {
  const backends = specsOf([1]).map((spec) => ({ ...spec, maxConnections: SLOTS }));
  const queue = { ...QUEUE, size: 100_000, timeoutMs: 1e6, intervalMs: 1e6 };
  const [free, bound] = [run(0.8), run(0.8, { backends, queue })];

  // Where they wait makes no difference to a first-come, first-served queue.
  assertEquals(bound.latencyMs, free.latencyMs);
  assertEquals([bound.errors.total, free.queued, bound.refused], [0, 0, 0]);
  assertGreater(bound.queued, 0.1 * bound.requests);
  assertLess(bound.queued, bound.requests);
});

Deno.test("Engine turns away what finds the queue full, or waits in vain", () => {
  const backends = specsOf([1]).map((spec) => ({ ...spec, maxConnections: SLOTS }));
  const full = run(2, { backends, queue: QUEUE });
  const slow = run(2, { backends, queue: { ...QUEUE, size: 100_000, timeoutMs: 500 } });

  assertGreater(full.errors.queue_full, 0.45 * full.requests);
  assertGreater(slow.errors.queue_timeout, 0.45 * slow.requests);
  for (const { errors, refused, queued } of [full, slow]) {
    assertEquals(refused, errors.queue_full + errors.queue_timeout);
    assertEquals(refused, errors.total);
    assertGreater(queued, 0);
  }
  // Who waits in vain is told within a tick of the timer wheel or two.
  assertLessOrEqual(slow.latencyMs.max!, 500 + 100 + 10 * 20);
  // The newest go first in overload, so those that are answered are answered soon.
  assertLess(slow.latencyMs.p50!, 100);
});

Deno.test("Engine turns away at once without a queue", () => {
  const backends = specsOf([1]).map((spec) => ({ ...spec, maxConnections: 1 }));
  const { errors, queued, latencyMs } = run(0.5, { backends });

  assertEquals([errors.queue_full, queued], [errors.total, 0]);
  assertGreater(errors.total, 0);
  // Exponential work of 10 ms that never waits.
  assert(Math.abs(latencyMs.mean! - 10) < 1);
});

const BOUNDS = { initial: 20, min: 1, max: 200 };
const HEALTHY = run(0.7);

for (const algorithm of ["vegas", "gradient", "aimd", "cubic"] as const) {
  Deno.test(`Engine with ${algorithm} keeps an overloaded backend fast and busy`, () => {
    // `aimd` and `cubic` go by a timeout that has to say what is too slow.
    const timeoutMs = algorithm === "aimd" || algorithm === "cubic" ? HEALTHY.latencyMs.p99! : 5000;
    const adaptiveLimit: LimitPolicy = { ...BOUNDS, algorithm, timeoutMs };
    const { latencyMs, errors, requests } = run(2, { adaptiveLimit });

    assertLessOrEqual(latencyMs.p99!, 3 * HEALTHY.latencyMs.p99!);
    // Half of it is all that the backend can do.
    assertGreater(requests - errors.total, 0.8 * 0.5 * requests);
    assertEquals(errors.queue_full, errors.total);
  });
}

Deno.test("Engine without a limit has everything wait that an overloaded backend cannot do", () => {
  assertGreater(run(2).latencyMs.p99!, 100 * HEALTHY.latencyMs.p99!);
});
