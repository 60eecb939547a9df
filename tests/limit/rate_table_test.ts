import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { Gcra, type Rate } from "../../lib/limit/gcra.ts";
import { type KeyHash, RateTable, TABLE_KEYS } from "../../lib/limit/rate_table.ts";
import { seededRandom, wholeBelow } from "../support/seeded_random.ts";

const SLOW: Rate = { requests: 10, perMs: 1000, burst: 5 };
/** Ticks come round again after that. Milliseconds. */
const ROUND_MS = 2 ** 40 / new Gcra(SLOW).ticksIn(1);

function createTable(rate: Rate = SLOW): RateTable {
  return new RateTable(new BigUint64Array(TABLE_KEYS), new Gcra(rate));
}

/** The key of that number, all of them in one set. */
function inSet(number: number, low = 7): KeyHash {
  return { low, high: (number + 1) << 8 };
}

function takeAll(table: RateTable, key: KeyHash, nowMs: number): number {
  let taken = 0;
  while (taken < 1000 && table.take(key, nowMs) <= 0) taken++;
  return taken;
}

Deno.test("RateTable.take() gives a burst, then one each interval", () => {
  const table = createTable();

  assertEquals(takeAll(table, inSet(0), 1000), 5);
  assertEquals(takeAll(table, inSet(0), 1099), 0);
  assertEquals(takeAll(table, inSet(0), 1100), 1);
  assertEquals(takeAll(table, inSet(0), 1350), 2);
  assertEquals(takeAll(table, inSet(0), 60_000), 5);
});

Deno.test("RateTable.take() says how long to wait, and that is right", () => {
  const table = createTable();
  takeAll(table, inSet(0), 1000);

  const waitMs = table.take(inSet(0), 1030);

  assertEquals(Math.round(waitMs), 70);
  assertGreater(table.take(inSet(0), 1030 + waitMs - 1), 0);
  assertLessOrEqual(table.take(inSet(0), 1030 + waitMs + 0.02), 0);
});

Deno.test("RateTable.peek() takes nothing", () => {
  const table = createTable();

  for (let i = 0; i < 20; i++) assertLessOrEqual(table.peek(inSet(0), 0), 0);

  assertEquals(takeAll(table, inSet(0), 0), 5);
  assertGreater(table.peek(inSet(0), 0), 0);
});

Deno.test("RateTable keeps the eight keys of a set apart", () => {
  const table = createTable();

  for (let number = 0; number < 8; number++) {
    assertEquals(takeAll(table, inSet(number), 1000), 5, `key ${number}`);
  }
});

Deno.test("RateTable keeps a key's debt under a flood of other keys", () => {
  const table = createTable();
  takeAll(table, inSet(0), 1000);

  for (let number = 1; number < 10_000; number++) table.take(inSet(number), 1000);

  assertEquals(takeAll(table, inSet(0), 1000), 0);
});

Deno.test("RateTable gives a newcomer of a full set what the least indebted left", () => {
  const table = createTable();
  for (let number = 0; number < 8; number++) takeAll(table, inSet(number), 1000 + number);

  // All are empty since that long, the first the longest.
  assertEquals(takeAll(table, inSet(8), 1150), 1);
  assertEquals(takeAll(table, inSet(0), 1150), 1);
  assertEquals(takeAll(table, inSet(7), 1600), 5);
});

Deno.test("RateTable lets no key over its limit, with far more keys than places", () => {
  const seeds = fc.integer({ min: 1, max: 2 ** 30 });
  fc.assert(fc.property(seeds, fc.integer({ min: 1, max: 40 }), (seed, keys) => {
    const random = seededRandom(seed);
    const table = createTable();
    const passed = Array.from({ length: keys }, (): number[] => []);
    let nowMs = 0;
    for (let step = 0; step < 2000; step++) {
      nowMs += random() < 0.5 ? 0 : Math.floor(random() * 40);
      const number = wholeBelow(random, keys);
      if (table.take(inSet(number), nowMs) <= 0) passed[number]!.push(nowMs);
    }
    for (const times of passed) assertWithin(times, SLOW);
  }));
});

Deno.test("RateTable gives keys that fit exactly their part", () => {
  const random = seededRandom(3);
  const table = createTable();
  const exact = Array.from({ length: 8 }, () => createTable());

  let nowMs = 0;
  for (let step = 0; step < 20_000; step++) {
    nowMs += Math.floor(random() * 30);
    const number = wholeBelow(random, 8);
    const alone = exact[number]!.take(inSet(0), nowMs);
    assertEquals(table.take(inSet(number), nowMs), alone, `step ${step}`);
  }
});

Deno.test("RateTable knows an entry for old when its ticks have come round", () => {
  for (const restMs of [0.3, 0.5, 0.9, 0.999, 1.3].map((part) => part * ROUND_MS)) {
    const table = createTable();
    takeAll(table, inSet(0), 1000);

    assertEquals(takeAll(table, inSet(0), 1000 + restMs), 5, `${restMs}`);
  }
});

Deno.test("RateTable goes on where ticks come round", () => {
  const table = createTable();

  assertEquals(takeAll(table, inSet(0), ROUND_MS - 150), 5);
  assertEquals(takeAll(table, inSet(0), ROUND_MS - 51), 0);
  assertEquals(takeAll(table, inSet(0), ROUND_MS + 51), 2);
});

Deno.test("RateTable gives nothing to a thread that lags far behind", () => {
  const table = createTable();
  takeAll(table, inSet(0), 50_000);

  assertEquals(takeAll(table, inSet(0), 1000), 0);
  assertEquals(takeAll(table, inSet(0), 50_000), 0);
});

/** No stretch of time has more than its burst and the rate's part of it. */
function assertWithin(times: readonly number[], { requests, perMs, burst }: Rate): void {
  times.forEach((first, from) => {
    for (let to = from; to < times.length; to++) {
      const most = burst + (times[to]! - first) * requests / perMs;
      // Moments are rounded down to ticks.
      assert(to - from + 1 <= most + 0.01, `${to - from + 1} in ${times[to]! - first} ms`);
    }
  });
}
