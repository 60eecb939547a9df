/** What a rate limit costs each request. */
import { createRateBuffer, RateLimiter } from "../lib/limit/rate_limiter.ts";

const RATE = { requests: 1000, perMs: 1000, burst: 2000 };

for (const count of [1, 1000, 100_000]) {
  const limiter = createLimiter();
  const keys = Array.from({ length: count }, (_, n) => `10.${n >> 16}.${n >> 8 & 255}.${n & 255}`);
  let turn = 0;
  Deno.bench({
    name: `take, ${count} clients`,
    group: "rate limit",
    fn: () => void limiter.take(keys[turn++ % count]!, performance.now()),
  });
}

const flooded = createLimiter();
let stranger = 0;
Deno.bench({
  name: "take, a new client each time",
  group: "rate limit",
  fn: () => void flooded.take(`10.0.${stranger++}`, performance.now()),
});

const spent = createLimiter();
while (spent.take("10.0.0.1", 0) <= 0);
Deno.bench({
  name: "refuse",
  group: "rate limit",
  fn: () => void spent.take("10.0.0.1", 0),
});

Deno.bench({
  name: "performance.now() alone, which each take needs",
  group: "rate limit",
  fn: () => void performance.now(),
});

function createLimiter(): RateLimiter {
  return new RateLimiter(RATE, createRateBuffer(Uint32Array.of(0x243f6a88, 0x85a308d3)));
}
