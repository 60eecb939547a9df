import { assertGreater, assertGreaterOrEqual, assertLess, assertLessOrEqual } from "@std/assert";
import { createLimit, type LimitPolicy } from "../../lib/limit/create_limit.ts";
import {
  type Answered,
  fixedLimit,
  goodput,
  p99,
  simulateLimit,
  TENFOLD,
} from "../support/limit_simulation.ts";
import { seededRandom } from "../support/seeded_random.ts";

const HEALTHY = p99(
  simulateLimit(fixedLimit(1000), { ...TENFOLD, endMs: TENFOLD.degradeMs }),
  5000,
  TENFOLD.degradeMs,
);
/** Time to find the new limit. */
const SETTLE_MS = 5000;
const PHASE = {
  fromMs: TENFOLD.degradeMs + SETTLE_MS,
  toMs: TENFOLD.endMs,
  withinMs: 3 * HEALTHY,
};
const BEST = Math.max(
  ...[4, 5, 6, 8, 12, 16, 24].map((limit) =>
    goodput(simulateLimit(fixedLimit(limit), TENFOLD), PHASE)
  ),
);

function run(policy: Pick<LimitPolicy, "algorithm" | "timeoutMs">): Answered[] {
  const bounds = { initial: 20, min: 1, max: 200 };
  return simulateLimit(createLimit({ ...bounds, ...policy }, seededRandom(3)), TENFOLD);
}

// `aimd` and `cubic` look at no latency below the timeout, so that has to say what is too slow.
const CASES = [
  { algorithm: "vegas", timeoutMs: 5000 },
  { algorithm: "gradient", timeoutMs: 5000 },
  { algorithm: "aimd", timeoutMs: HEALTHY },
  { algorithm: "cubic", timeoutMs: HEALTHY },
] as const;

for (const policy of CASES) {
  Deno.test(`${policy.algorithm}: a backend that lost nine slots in ten stays fast, and busy`, () => {
    const answered = run(policy);

    assertLessOrEqual(p99(answered, PHASE.fromMs, PHASE.toMs), 3 * HEALTHY);
    assertGreaterOrEqual(goodput(answered, PHASE), 0.8 * BEST);
    // And it had been given all the work that came before.
    const before = { ...PHASE, fromMs: 10_000, toMs: TENFOLD.degradeMs };
    assertGreater(goodput(answered, before), 0.8 * TENFOLD.ratePerS);
  });
}

for (const algorithm of ["aimd", "cubic"] as const) {
  Deno.test(`${algorithm} cannot know that a backend is slow before its timeout`, () => {
    const answered = run({ algorithm, timeoutMs: 5000 });

    assertGreater(p99(answered, PHASE.fromMs, PHASE.toMs), 3 * HEALTHY);
    assertLess(goodput(answered, PHASE), 0.8 * BEST);
  });
}

Deno.test("without a limit a backend that lost nine slots in ten does nothing in time", () => {
  const answered = simulateLimit(fixedLimit(200), TENFOLD);

  assertLess(goodput(answered, PHASE), 0.1 * BEST);
});

for (const algorithm of ["vegas", "gradient", "aimd", "cubic"] as const) {
  Deno.test(`${algorithm}: a small backend that lost nine slots in ten is fast again in eight seconds`, () => {
    const plan = { ...TENFOLD, slots: 20, degradedSlots: 2, meanServiceMs: 20, ratePerS: 700 };
    const well = simulateLimit(fixedLimit(1000), { ...plan, endMs: plan.degradeMs });
    const healthy = p99(well, 5000, plan.degradeMs);
    const fromMs = plan.degradeMs + 8000;
    const phase = { fromMs, toMs: fromMs + 10_000, withinMs: 3 * healthy };
    const bounds = { initial: 20, min: 1, max: 200, timeoutMs: healthy };

    const answered = simulateLimit(createLimit({ ...bounds, algorithm }, seededRandom(3)), plan);

    assertLessOrEqual(p99(answered, phase.fromMs, phase.toMs), 3 * healthy);
    const best = goodput(simulateLimit(fixedLimit(8), plan), phase);
    assertGreaterOrEqual(goodput(answered, phase), 0.8 * best);
  });
}
