import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { Gcra, type Rate } from "../../lib/limit/gcra.ts";

const RATES: fc.Arbitrary<Rate> = fc.record({
  requests: fc.integer({ min: 1, max: 1_000_000 }),
  perMs: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.constant(24 * 24 * 3_600_000)),
  burst: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 20 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 1_000_000 }) },
  ),
});

/** Pauses between requests, as multiples of the interval: bursts, a little too fast, rests. */
const PAUSES = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.double({ min: 0, max: 1.8, noNaN: true }) },
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constant(7) },
  ),
  { maxLength: 200, size: "max" },
);

/** A bucket of one key. */
class Bucket {
  readonly rule: Gcra;
  #fullAt = 0;

  constructor(rate: Rate) {
    this.rule = new Gcra(rate);
  }

  take(tick: number): boolean {
    const debt = this.rule.afterRequest(this.#fullAt - tick);
    if (this.rule.waitMs(debt) > 0) return false;
    this.#fullAt = tick + debt;
    return true;
  }
}

Deno.test("Gcra agrees with a token bucket, request by request", () => {
  fc.assert(fc.property(RATES, PAUSES, (rate, pauses) => {
    const bucket = new Bucket(rate);
    const { interval } = bucket.rule;
    let tick = 0;
    // Tokens in parts of which an interval brings `interval`: whole numbers.
    let tokens = rate.burst * interval;
    for (const pause of pauses) {
      const passed = Math.round(pause * interval);
      tick += passed;
      tokens = Math.min(rate.burst * interval, tokens + passed);
      const isAllowed = tokens >= interval;
      if (isAllowed) tokens -= interval;
      assertEquals(bucket.take(tick), isAllowed);
    }
  }));
});

Deno.test("Gcra lets no more than burst + rate x time through in any stretch of time", () => {
  fc.assert(fc.property(RATES, PAUSES, (rate, pauses) => {
    const bucket = new Bucket(rate);
    const { interval } = bucket.rule;
    const passed: number[] = [];
    let tick = 0;
    for (const pause of pauses) {
      tick += Math.round(pause * interval);
      if (bucket.take(tick)) passed.push(tick);
    }
    passed.forEach((first, from) => {
      passed.slice(from).forEach((last, more) => {
        assertLessOrEqual(more + 1, rate.burst + (last - first) / interval);
      });
    });
  }));
});

Deno.test("Gcra.waitMs() is when the next one passes, and not a tick later", () => {
  fc.assert(fc.property(RATES, fc.integer({ min: 0, max: 1e6 }), (rate, early) => {
    const rule = new Gcra(rate);
    const debt = rule.afterRequest(rule.tolerance - Math.min(early, rule.tolerance));
    const waitMs = rule.waitMs(debt);
    const ticks = rule.ticksIn(waitMs);

    assertLessOrEqual(rule.waitMs(debt - ticks), 0);
    if (waitMs > 0) assert(rule.waitMs(debt - ticks + 2) > 0);
  }));
});

Deno.test("Gcra counts an interval in whole ticks, and a second in as many as the rate says", () => {
  for (const [requests, perMs] of [[3, 1000], [7, 60_000], [1_000_000, 1000]] as const) {
    const rule = new Gcra({ requests, perMs, burst: 1 });

    assert(Number.isInteger(rule.interval));
    assertAlmostEquals(rule.tickAt(10 * perMs), 10 * requests * rule.interval, 1);
  }
});

Deno.test("Gcra keeps debts within 2^36 ticks, whatever the rate", () => {
  fc.assert(fc.property(RATES, (rate) => {
    const { interval, tolerance } = new Gcra(rate);
    assert(interval >= 1 && tolerance <= 2 ** 36 && tolerance === interval * rate.burst);
  }));
});
