import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createRateBuffer, RateLimiter } from "../../lib/limit/rate_limiter.ts";

Deno.test("RateLimiter gives a whole burst although threads' clocks differ by milliseconds", () => {
  for (const lagMs of [0.001, 0.5, 3, 200]) {
    const buffer = createRateBuffer(new Uint32Array([1, 2]));
    const rate = { requests: 3, perMs: 3_600_000, burst: 3 };
    const [ahead, behind] = [new RateLimiter(rate, buffer), new RateLimiter(rate, buffer)];

    const waits = [
      ahead.take("a", 10_000),
      ahead.take("a", 10_001),
      behind.take("a", 10_001 - lagMs),
      behind.take("a", 10_002 - lagMs),
    ];

    assertEquals(waits.map((waitMs) => waitMs <= 0), [true, true, true, false], `${lagMs} ms`);
  }
});

Deno.test("RateLimiter goes by its own time after a rest of any length", () => {
  for (const restMs of [1, 1001, 3 * 3_600_000, 40 * 3_600_000, 75 * 3_600_000, 30 * 86_400_000]) {
    const limiter = new RateLimiter(
      { requests: 1, perMs: 1000, burst: 1 },
      createRateBuffer(new Uint32Array([1, 2])),
    );
    limiter.take("a", 5000);

    const waitMs = limiter.take("a", 5000 + restMs);

    if (restMs < 1000) assertAlmostEquals(waitMs, 1000 - restMs, 0.2);
    else assert(waitMs <= 0, `${restMs} ms: ${waitMs}`);
  }
});
