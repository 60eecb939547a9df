import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { AimdLimit } from "../../lib/limit/aimd.ts";
import { CubicLimit } from "../../lib/limit/cubic.ts";
import { GradientLimit } from "../../lib/limit/gradient.ts";
import type { Limit, LimitSample } from "../../lib/limit/limit.ts";
import { VegasLimit } from "../../lib/limit/vegas.ts";
import { WindowedLimit } from "../../lib/limit/windowed_limit.ts";

const BOUNDS = { initial: 20, min: 1, max: 200 };

function feed(limit: Limit, sample: Partial<LimitSample>): number {
  limit.onSample({ rttMs: 10, inFlight: limit.current, dropped: false, nowMs: 0, ...sample });
  return limit.current;
}

Deno.test("AimdLimit adds one while it is used, and takes a tenth for a drop or a late answer", () => {
  const limit = new AimdLimit({ ...BOUNDS, timeoutMs: 100 });

  assertEquals(feed(limit, { inFlight: 9 }), 20);
  assertEquals(feed(limit, { inFlight: 10 }), 21);
  assertEquals(feed(limit, { dropped: true }), 18);
  assertEquals(feed(limit, { rttMs: 100 }), 19);
  assertEquals(feed(limit, { rttMs: 101 }), 17);
  for (let i = 0; i < 100; i++) feed(limit, { dropped: true });
  assertEquals(limit.current, 1);
  for (let i = 0; i < 500; i++) feed(limit, {});
  assertEquals(limit.current, 200);
});

Deno.test("VegasLimit goes by the length of the queue that latency shows", () => {
  const limit = new VegasLimit({ ...BOUNDS, initial: 100, max: 1000, random: () => 0.99 });
  const at = (queue: number) => feed(limit, { rttMs: 10 / (1 - queue / limit.current) });
  feed(limit, { rttMs: 10 });
  assertEquals(limit.current, 100);

  // log10(100) is 2: queues up to 2, below 6, up to 12, and above.
  assertAlmostEquals(at(1.9), 112);
  const limit2 = new VegasLimit({ ...BOUNDS, initial: 100, max: 1000, random: () => 0.99 });
  feed(limit2, { rttMs: 10 });
  assertEquals(feed(limit2, { rttMs: 10 / (1 - 0.0495) }), 102);
  assertEquals(feed(limit2, { rttMs: 10 / (1 - 0.1) }), 102);
  assertAlmostEquals(feed(limit2, { rttMs: 10 / (1 - 0.2) }), 102 - Math.log10(102));
  const before = limit2.current;
  assertEquals(feed(limit2, { rttMs: 50, inFlight: 40 }), before);
  assertAlmostEquals(feed(limit2, { dropped: true, rttMs: 0.01 }), before - Math.log10(before));
  // How fast it failed is not taken for the time without load.
  assertLess(feed(limit2, { rttMs: 20 }), before - Math.log10(before));
});

Deno.test("VegasLimit measures the time without load anew after a while", () => {
  const limit = new VegasLimit({ ...BOUNDS, initial: 2, random: () => 0, probeMultiplier: 4 });
  feed(limit, { rttMs: 10, inFlight: 0 });
  for (let i = 0; i < 3; i++) feed(limit, { rttMs: 100, inFlight: 0 });

  // After four samples 100 ms is what it takes without load: no queue.
  assertEquals(feed(limit, { rttMs: 100 }), 8);
});

Deno.test("GradientLimit follows the ratio of usual to present latency", () => {
  const limit = new GradientLimit({ ...BOUNDS, initial: 100, max: 1000 });
  // Flat: four more, of which a fifth is taken over.
  assertAlmostEquals(feed(limit, { rttMs: 10 }), 100.8);
  // The usual is (10 + 30) / 2 = 20, the gradient 1.5 * 20 / 30 = 1.
  assertAlmostEquals(feed(limit, { rttMs: 30 }), 101.6);
  // The usual is 160 / 3, and the gradient 1.5 * 160 / 3 / 120 = 2/3.
  const wanted = 101.6 * 2 / 3 + 4;
  assertAlmostEquals(feed(limit, { rttMs: 120 }), 101.6 * 0.8 + wanted * 0.2);
  const before = limit.current;
  assertEquals(feed(limit, { rttMs: 1000, inFlight: before / 2 - 1 }), before);
  assertAlmostEquals(feed(limit, { dropped: true }), before * 0.9);
});

Deno.test("GradientLimit loses no more than a tenth at a time, and forgets bad times soon", () => {
  const limit = new GradientLimit({ ...BOUNDS, initial: 100, max: 1000 });
  for (let i = 0; i < 10; i++) feed(limit, { rttMs: 10, inFlight: 0 });
  assertAlmostEquals(feed(limit, { rttMs: 10_000 }), 100 * 0.8 + (50 + 4) * 0.2);

  const slow = new GradientLimit({ ...BOUNDS, initial: 100, max: 1000 });
  for (let i = 0; i < 10; i++) feed(slow, { rttMs: 1000, inFlight: 0 });
  for (let i = 0; i < 80; i++) feed(slow, { rttMs: 10, inFlight: 0 });
  // Without the decay what is usual would still be 800 ms, and 20 ms no reason to shrink.
  const before = slow.current;
  assertLess(feed(slow, { rttMs: 100 }), before);
});

Deno.test("CubicLimit follows the curve of RFC 9438 after a drop", () => {
  const limit = new CubicLimit({ ...BOUNDS, initial: 100, max: 1000, timeoutMs: 100 });
  assertAlmostEquals(feed(limit, { nowMs: 0, rttMs: 10, dropped: true }), 70);
  const k = Math.cbrt(100 * 0.3 / 0.4);
  const curve = (seconds: number) => 0.4 * (seconds - k) ** 3 + 100;

  assertAlmostEquals(feed(limit, { nowMs: 1000 }), curve(1.01), 1e-9);
  assertAlmostEquals(feed(limit, { nowMs: 4000 }), curve(4.01), 1e-9);
  assertAlmostEquals(feed(limit, { nowMs: 9000 }), curve(9.01), 1e-9);
  // Fast convergence: a drop below the last window leaves room for others.
  const again = new CubicLimit({ ...BOUNDS, initial: 100, max: 1000, timeoutMs: 100 });
  feed(again, { nowMs: 0, dropped: true });
  feed(again, { nowMs: 100, rttMs: 101 });
  assertAlmostEquals(again.current, 49);
  assertAlmostEquals(feed(again, { nowMs: 100_000, rttMs: 1 }), 73.5);
});

Deno.test("CubicLimit counts one drop in the time of an answer, and no time without use", () => {
  const limit = new CubicLimit({ ...BOUNDS, initial: 100, max: 1000, timeoutMs: 100 });
  feed(limit, { nowMs: 0, rttMs: 50, dropped: true });
  feed(limit, { nowMs: 49, rttMs: 50, dropped: true });
  assertAlmostEquals(limit.current, 70);

  feed(limit, { nowMs: 60_000, inFlight: 1 });
  assertAlmostEquals(limit.current, 70);
  const k = Math.cbrt(100 * 0.3 / 0.4);
  const second = 0.4 * (1.01 + 0.049 - k) ** 3 + 100;
  assertAlmostEquals(feed(limit, { nowMs: 61_000 }), second, 1e-9);
});

Deno.test("WindowedLimit hands on averages, the most in flight, and any drop", () => {
  const seen: LimitSample[] = [];
  const inner: Limit = { current: 7, onSample: (sample) => seen.push(sample) };
  const limit = new WindowedLimit(inner, { windowMs: 1000, minSamples: 3 });
  assertEquals(limit.current, 7);

  feed(limit, { rttMs: 10, inFlight: 4, nowMs: 0 });
  feed(limit, { rttMs: 0.09, inFlight: 99, nowMs: 1 });
  feed(limit, { rttMs: 30, inFlight: 2, nowMs: 2000 });
  assertEquals(seen, []);
  feed(limit, { rttMs: 20, inFlight: 3, nowMs: 2001 });
  assertEquals(seen, [{ rttMs: 20, inFlight: 4, dropped: false, nowMs: 2001 }]);

  // The next window begins there; the time of a failure is not that of an answer.
  feed(limit, { rttMs: 10, inFlight: 1, nowMs: 2500 });
  feed(limit, { rttMs: 0.01, inFlight: 1, dropped: true, nowMs: 3000 });
  feed(limit, { rttMs: 30, inFlight: 1, nowMs: 3000 });
  assertEquals(seen.length, 1);
  feed(limit, { rttMs: 20, inFlight: 1, nowMs: 3001 });
  assertEquals(seen[1], { rttMs: 20, inFlight: 1, dropped: true, nowMs: 3001 });
});
