import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { MAX_SUSPICION } from "../../lib/health/failure_detector.ts";
import { PhiAccrual, type PhiAccrualOptions, phiOf } from "../../lib/health/phi_accrual.ts";
import { seededRandom } from "../support/seeded_random.ts";

const INTERVAL_MS = 1000;
const PAUSE_MS = 300;

function detect(options: Partial<PhiAccrualOptions> = {}): PhiAccrual {
  return new PhiAccrual({
    threshold: 8,
    intervalMs: INTERVAL_MS,
    pauseMs: PAUSE_MS,
    rise: 2,
    initial: "probe",
    nowMs: 0,
    ...options,
  });
}

/** A detector that has heard enough heartbeats to have forgotten what it was told to expect. */
function steady(options: Partial<PhiAccrualOptions> = {}): { phi: PhiAccrual; lastMs: number } {
  const phi = detect(options);
  let lastMs = 0;
  for (let beat = 0; beat <= 1002; beat++) phi.observe(true, lastMs = beat * INTERVAL_MS);
  return { phi, lastMs };
}

/** The first time from `fromMs` at which it is suspected, to the millisecond. */
function suspectedAt(phi: PhiAccrual, fromMs: number): number {
  for (let nowMs = fromMs;; nowMs++) {
    phi.evaluate(nowMs);
    if (!phi.isAvailable) return nowMs;
  }
}

// How many deviations above the mean are a level (algorithms of Akka: the logistic form).
const LEVELS: readonly [phi: number, deviations: number][] = [
  [1, 1.282],
  [2, 2.323],
  [3, 3.059],
  [5, 4.119],
  [8, 5.226],
  [10, 5.8],
  [12, 6.29],
  [16, 7.12],
];

for (const [phi, deviations] of LEVELS) {
  Deno.test(`phiOf() is ${phi} at ${deviations} deviations above the mean`, () => {
    // The table has three or four digits: what a unit of its last one makes.
    assertAlmostEquals(phiOf(deviations), phi, 0.04);
  });
}

Deno.test("phiOf() is 0.3 at the mean, and is finite and never falls from there to far beyond", () => {
  assertAlmostEquals(phiOf(0), Math.log10(2), 1e-12);
  let before = 0;
  for (const deviations of [-1e100, -1e6, -30, -8.4, -1, 0, 1, 8.3, 8.4, 30, 40, 1e6, 1e100]) {
    const phi = phiOf(deviations);
    assert(Number.isFinite(phi) && phi >= before, `${deviations}: ${phi}`);
    before = phi;
  }
});

Deno.test("PhiAccrual suspects at mean, pause and 5.226 of the least deviation", () => {
  const { phi, lastMs } = steady();

  // Steady heartbeats have no deviation: 100 ms are the least.
  assertAlmostEquals(suspectedAt(phi, lastMs) - lastMs, INTERVAL_MS + PAUSE_MS + 523, 2);
});

Deno.test("PhiAccrual at 10 s and no pause suspects 10.52 s after the last heartbeat", () => {
  const phi = detect({ intervalMs: 10_000, pauseMs: 0 });
  for (let beat = 0; beat <= 1002; beat++) phi.observe(true, beat * 10_000);

  assertAlmostEquals(suspectedAt(phi, 10_020_000) - 10_020_000, 10_523, 2);
});

Deno.test("PhiAccrual.suspicion() rises while nothing is heard, to 100 and no further", () => {
  const { phi, lastMs } = steady();

  const levels = [0, 1000, 1200, 1500, 2000, 1e9].map((ms) => phi.suspicion(lastMs + ms));

  for (let at = 1; at < levels.length; at++) assert(levels[at]! >= levels[at - 1]!, `${levels}`);
  assertLess(levels[0]!, 0.001);
  assertEquals(levels.at(-1), MAX_SUSPICION);
});

Deno.test("PhiAccrual's first result decides with initial: probe", () => {
  const [good, bad] = [detect(), detect()];
  assertEquals([good.isKnown, good.suspicion(1e6)], [false, 0]);

  good.observe(true, 0);
  bad.observe(false, 0);

  assertEquals([good.isAvailable, bad.isAvailable], [true, false]);
  assertEquals([good.isKnown, bad.isKnown], [true, true]);
  assertEquals(bad.suspicion(0), MAX_SUSPICION);
});

Deno.test("PhiAccrual with initial: up suspects one that is never heard of", () => {
  const phi = detect({ initial: "up", nowMs: 5000 });

  const atMs = suspectedAt(phi, 5000);

  // What it was told to expect has a wide deviation, a quarter of the interval.
  assertAlmostEquals(atMs - 5000, INTERVAL_MS + PAUSE_MS + 5.226 * 250, 3);
});

Deno.test("PhiAccrual with initial: down trusts after `rise` heartbeats", () => {
  const phi = detect({ initial: "down", rise: 3 });

  const states = [0, 100, 200].map((ms) => {
    phi.observe(true, ms);
    return phi.isAvailable;
  });

  assertEquals(states, [false, false, true]);
});

Deno.test("PhiAccrual trusts again after `rise` heartbeats, counted anew after a failed check", () => {
  const { phi, lastMs } = steady();
  const downMs = suspectedAt(phi, lastMs);

  const states = [..."+-++"].map((result, index) => {
    phi.observe(result === "+", downMs + index * 100);
    return phi.isAvailable;
  });

  assertEquals(states, [false, false, false, true]);
});

Deno.test("PhiAccrual does not trust again over a silence of half the threshold", () => {
  const { phi, lastMs } = steady();
  const downMs = suspectedAt(phi, lastMs);
  phi.observe(true, downMs);
  // Phi 4 is at 3.6 deviations: 1660 ms of silence, where suspicion would begin at 1823 ms.
  const silenceMs = 1700;
  assertGreater(phi.suspicion(downMs + silenceMs), 4);
  assertLess(phi.suspicion(downMs + silenceMs), 8);

  phi.observe(true, downMs + silenceMs);
  assertEquals(phi.isAvailable, false);
  phi.observe(true, downMs + silenceMs + 100);

  assertEquals(phi.isAvailable, true);
});

Deno.test("PhiAccrual does not learn from the intervals of a recovery", () => {
  const { phi, lastMs } = steady();
  const before = suspectedAt(phi, lastMs) - lastMs;
  let nowMs = lastMs + before;
  for (let outage = 0; outage < 50; outage++) {
    phi.observe(true, nowMs += 60_000);
    phi.observe(true, nowMs += 10);
    assertEquals(phi.isAvailable, true);
    nowMs = suspectedAt(phi, nowMs);
  }
  phi.observe(true, nowMs += 10);
  phi.observe(true, nowMs += 10);

  assertEquals(suspectedAt(phi, nowMs) - nowMs, before);
});

Deno.test("PhiAccrual does not learn from the first interval, which is cut short", () => {
  const [one, other] = [detect(), detect()];
  for (const [phi, secondMs] of [[one, 10], [other, 1000]] as const) {
    phi.observe(true, 1000 - secondMs);
    for (let beat = 1; beat < 10; beat++) phi.observe(true, beat * INTERVAL_MS);
  }

  assertEquals(suspectedAt(one, 9000), suspectedAt(other, 9000));
});

Deno.test("PhiAccrual.heard() puts suspicion off, and does not change what is expected", () => {
  const { phi, lastMs } = steady();
  let nowMs = lastMs;
  // Work every 10 ms for a minute, and a check each second.
  for (let step = 1; step <= 6000; step++) {
    nowMs = lastMs + step * 10;
    if (step % 100 === 0) phi.observe(true, nowMs);
    else phi.heard(nowMs);
  }
  phi.heard(nowMs += 500);

  assertAlmostEquals(suspectedAt(phi, nowMs) - nowMs, INTERVAL_MS + PAUSE_MS + 523, 2);
});

Deno.test("PhiAccrual.heard() says nothing after a failed check, nor of one that is suspected", () => {
  const { phi, lastMs } = steady();
  const expected = suspectedAt(steady().phi, lastMs);

  phi.observe(false, lastMs + 100);
  phi.heard(lastMs + 500);
  assertEquals(suspectedAt(phi, lastMs + 500), expected);
  for (let ms = 0; ms < 1000; ms++) phi.heard(expected + ms);

  assertEquals(phi.isAvailable, false);
  assertGreater(phi.suspicion(expected + 1000), 8);
});

Deno.test("PhiAccrual.isChanging is true after a failed check and while it recovers", () => {
  const { phi, lastMs } = steady();
  const seen = [phi.isChanging];
  phi.observe(false, lastMs + 1000);
  seen.push(phi.isChanging);
  const downMs = suspectedAt(phi, lastMs + 1000);
  seen.push(phi.isChanging);
  phi.observe(true, downMs);
  seen.push(phi.isChanging);
  phi.observe(true, downMs + 1);
  seen.push(phi.isChanging);

  assertEquals(seen, [false, true, false, true, false]);
});

const JITTERS: readonly [name: string, interval: (random: () => number) => number][] = [
  ["20 % to either side", (random) => INTERVAL_MS * (0.8 + 0.4 * random())],
  ["a deviation of 20 %", (random) => INTERVAL_MS * Math.max(0, 1 + 0.2 * normal(random))],
];

for (const [name, interval] of JITTERS) {
  Deno.test(`PhiAccrual suspects nobody in 100,000 heartbeats with ${name}, without a pause`, () => {
    const random = seededRandom(5);
    const phi = detect({ pauseMs: 0 });
    let highest = 0;
    let nowMs = 0;

    for (let beat = 0; beat < 100_000; beat++) {
      nowMs += interval(random);
      phi.evaluate(nowMs);
      highest = Math.max(highest, phi.suspicion(nowMs));
      phi.observe(true, nowMs);
      assert(phi.isAvailable, `suspected at heartbeat ${beat}`);
    }

    // It came near enough to being wrong for the test to mean something.
    assertGreater(highest, 1.4);
  });
}

Deno.test("PhiAccrual finds a dead server within 1.5 intervals and the pause, whenever it dies", () => {
  const random = seededRandom(11);
  // Of a second, the least deviation of 100 ms would be more than half the interval.
  const intervalMs = 10_000;
  const took: number[] = [];

  for (let trial = 0; trial < 100; trial++) {
    const phi = detect({ intervalMs });
    let lastMs = 0;
    // As checks come: ten percent of jitter to either side.
    for (let beat = 0; beat < 300; beat++) {
      phi.observe(true, lastMs += intervalMs * (0.9 + 0.2 * random()));
    }
    const deadMs = lastMs + (trial === 0 ? 0 : random() * 0.9 * intervalMs);
    took.push(suspectedAt(phi, deadMs) - deadMs);
  }

  assertLess(Math.max(...took), 1.4 * intervalMs + PAUSE_MS);
});

/** Normally distributed around 0 with deviation 1 (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
