import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Change } from "../../lib/simulate/containment.ts";
import type { AlgorithmResult } from "../../lib/simulate/result.ts";
import { BREAKER, CHECK, OUTLIER, type PlanOptions, resultOf } from "../support/simulation.ts";

type Guard = "threshold" | "phi_accrual" | "breaker" | "outlier";

const INTERVAL_MS = 2000;
const FAST_MS = 500;
const CHECK_TIMEOUT_MS = 1000;
const PAUSE_MS = 3000;
/** Longest wait for an answer. */
const TIMEOUT_MS = 1000;
const CHECKED = {
  ...CHECK,
  intervalMs: INTERVAL_MS,
  fastIntervalMs: FAST_MS,
  timeoutMs: CHECK_TIMEOUT_MS,
};

/** A check that comes once, when all is well. */
const ONCE = { ...CHECK, intervalMs: 1e9, fastIntervalMs: 1e9 };

/** Each alone, so that it is clear who it was. */
const GUARDS: Readonly<Record<Guard, PlanOptions>> = {
  threshold: { check: CHECKED },
  phi_accrual: {
    check: { ...CHECKED, detector: { kind: "phi_accrual", threshold: 8, pauseMs: PAUSE_MS } },
  },
  breaker: { check: ONCE, circuitBreaker: BREAKER },
  outlier: { check: ONCE, outlierDetection: OUTLIER },
};

/** Requests a second for each backend. */
const RATE_PER_S = 50;
const RUN_S = 400;

/** Four backends, or as many as weights, with the fault; run twice, to the same end. */
function run(guard: Guard, fault: readonly string[], more: PlanOptions = {}): AlgorithmResult {
  const { weights = [1, 1, 1, 1], ratePerS = RATE_PER_S * weights.length } = more;
  const options = {
    ...GUARDS[guard],
    timeoutMs: TIMEOUT_MS,
    weights,
    ratePerS,
    requests: RUN_S * ratePerS,
    fault: fault,
    ...more,
  };
  const result = resultOf("round_robin", options);
  assertEquals(resultOf("round_robin", options).changes, result.changes);
  return result;
}

/** Changes of others than the first backend. */
function ofOthers({ changes }: AlgorithmResult): readonly Change[] {
  return changes.filter(({ backend }) => backend !== "b0");
}

/** Everyone that was taken out is back in at the end. */
function assertAllBack({ changes }: AlgorithmResult): void {
  const last = new Map(changes.map(({ backend, what }) => [backend, what]));
  for (const [backend, what] of last) {
    assert(/^(up|closed|admitted|panic over)/.test(what), `${backend} is ${what}`);
  }
}

function foundMs({ detections }: AlgorithmResult): number {
  return detections[0]?.foundMs ?? Infinity;
}

/** Five attempts of one backend come within this, at that rate. */
const STREAK_MS = 5 * 1000 / RATE_PER_S * 2;
const FOUND_MS: Readonly<Record<Guard, { crash: number; hang: number }>> = {
  threshold: {
    crash: 1.1 * INTERVAL_MS + 2 * 1.1 * FAST_MS,
    hang: 1.1 * INTERVAL_MS + 3 * CHECK_TIMEOUT_MS + 2 * 1.1 * FAST_MS,
  },
  phi_accrual: {
    crash: 1.5 * INTERVAL_MS + PAUSE_MS + 250,
    hang: 1.5 * INTERVAL_MS + PAUSE_MS + 250,
  },
  breaker: { crash: STREAK_MS, hang: TIMEOUT_MS + STREAK_MS },
  outlier: { crash: STREAK_MS, hang: TIMEOUT_MS + STREAK_MS },
};
const ALL: readonly Guard[] = ["threshold", "phi_accrual", "breaker", "outlier"];

for (const guard of ALL) {
  for (const kind of ["crash", "hang"] as const) {
    Deno.test(`${guard} alone contains a ${kind}, takes out nobody else, and lets it back in`, () => {
      const result = run(guard, [`${kind}:0@40s-100s`]);

      assertLessOrEqual(foundMs(result), FOUND_MS[guard][kind]);
      assertEquals(ofOthers(result), []);
      assertAllBack(result);
      // Others had its work meanwhile.
      assertEquals(result.errors.no_backend, 0);
    });
  }

  Deno.test(`${guard} alone takes out one of a hundred and one`, () => {
    const fault = guard === "breaker" || guard === "outlier" ? "fail-fast:0:1ms" : "crash:0";
    const weights = Array.from({ length: 101 }, () => 1);
    const result = run(guard, [`${fault}@40s-100s`], { weights, ratePerS: 2000 });

    // Each of so many gets its five requests later.
    assertLessOrEqual(foundMs(result), FOUND_MS[guard].crash + 5 * 101 / 2);
    assertEquals(ofOthers(result), []);
    assertAllBack(result);
  });

  Deno.test(`${guard} alone takes nobody out for a pause of the balancer`, () => {
    for (const pause of ["pause@40s-50s", "pause@40s-100s", "pause@40001ms-41900ms"]) {
      // Little work, so that what comes after the pause all at once can be done in time; and hardly
      // any, so that it does not speak for a backend either.
      for (const ratePerS of [20, 1]) {
        const result = run(guard, [pause], { ratePerS, timeoutMs: 5000 });

        assertEquals([result.changes, result.errors.total], [[], 0], `${pause} ${ratePerS}`);
      }
    }
  });

  Deno.test(`${guard} alone finds after a pause what crashed during it`, () => {
    const faults = ["crash:0@45s-150s", "pause@40s-50s"];
    const result = run(guard, faults, { ratePerS: 20, timeoutMs: 5000 });

    // With so little work five failures take a second; checks begin anew.
    assertLessOrEqual(foundMs(result), 5000 + INTERVAL_MS + FOUND_MS[guard].crash + 1000);
    assertEquals(ofOthers(result), []);
    assertAllBack(result);
  });

  Deno.test(`${guard} alone does not have others suffer for one that loses half`, () => {
    const result = run(guard, ["loss:0:50%@40s-160s"]);

    assertEquals(ofOthers(result), []);
    assertEquals(result.errors.total, 0);
    assertAllBack(result);
    const outs = result.changes.filter(({ what }) => /^(down|open|ejected)/.test(what));
    // In two minutes: by longer and longer times out of it, not by the dozen.
    assertLessOrEqual(outs.length, guard === "threshold" ? 10 : 4);
    const isByTraffic = guard === "breaker" || guard === "outlier";
    if (isByTraffic) assertLessOrEqual(foundMs(result), 2000);
  });

  Deno.test(`${guard} alone lets everybody back in after all were bad at once`, () => {
    const result = run(guard, ["crash:all@40s-60s"], { panicThreshold: 50 });

    assertAllBack(result);
    const outs = result.changes.filter(({ what }) => /^(down|open|ejected)/.test(what));
    const backends = new Set(outs.map(({ backend }) => backend));
    assertEquals(backends.size, guard === "outlier" ? 2 : 4);
    // A circuit that opened shortly before stays open for a while after.
    const longestS = guard === "breaker" ? 40 : 25;
    assertLessOrEqual(result.changes.at(-1)!.atMs, 40_000 + longestS * 1000 + 10_000);
    assertLessOrEqual(result.errors.total, result.requests * longestS / RUN_S);
  });
}

for (const guard of ["breaker", "outlier"] as const) {
  Deno.test(`${guard} alone takes out a backend that gets ever slower, and nobody else`, () => {
    const result = run(guard, ["ramp:0:200x:60s@40s-120s"]);

    // Half of the ramp makes most answers come too late.
    assertLessOrEqual(foundMs(result), 40_000);
    assertEquals(ofOthers(result), []);
    assertAllBack(result);
  });
}

Deno.test("a run tells the same changes with the same seed, and others with another", () => {
  const [first, other] = [1, 2].map((seed) =>
    resultOf("round_robin", { ...GUARDS.breaker, fault: ["loss:0:50%@10%"], seed }).changes
  );

  assert(first!.length > 0);
  assert(JSON.stringify(first) !== JSON.stringify(other));
});
