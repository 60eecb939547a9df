import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { Consecutive } from "../../lib/health/consecutive.ts";
import { PhiAccrual } from "../../lib/health/phi_accrual.ts";
import { settled } from "../support/fake_clock.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { bench, FAST_INTERVAL_MS, INTERVAL_MS } from "./support.ts";

Deno.test("HealthChecker checks faster between the first opposite result and the decision", async () => {
  using b = bench();
  b.watch({ detector: new Consecutive({ rise: 2, fall: 2 }) });
  const delays: number[] = [];

  for (const result of "+--++") {
    if (result === "+") b.probes.last.pass();
    else b.probes.last.fail("no");
    await settled();
    const [delayMs] = b.delays;
    delays.push(delayMs!);
    b.clock.advance(delayMs!);
  }

  assertEquals(delays, [
    INTERVAL_MS,
    FAST_INTERVAL_MS,
    INTERVAL_MS,
    FAST_INTERVAL_MS,
    INTERVAL_MS,
  ]);
});

Deno.test("HealthChecker spreads the checks of 1,000 servers evenly over the interval", async () => {
  using b = bench(seededRandom(3));
  const begun: number[] = [];
  const probe = () => Promise.resolve(void begun.push(b.clock.now()));
  for (let server = 0; server < 1000; server++) b.watch({ probe, intervalMs: 10_000 });
  await settled();
  while (begun.length < 1000) await settled();

  await b.clock.run(40_000, 100);

  // From the second interval on: tenths of an interval, each with a tenth of the checks.
  for (let fromMs = 10_000; fromMs < 40_000; fromMs += 1000) {
    const count = begun.filter((atMs) => atMs > fromMs && atMs <= fromMs + 1000).length;
    assert(count >= 70 && count <= 130, `${count} checks from ${fromMs} ms on`);
  }
});

Deno.test("HealthChecker's checks stay spread when the process stood still", async () => {
  using b = bench(seededRandom(3));
  const begun: number[] = [];
  const probe = () => Promise.resolve(void begun.push(b.clock.now()));
  for (let server = 0; server < 100; server++) b.watch({ probe, intervalMs: 10_000 });
  while (begun.length < 100) await settled();
  await b.clock.run(20_000, 100);

  b.clock.stall(60_000);
  const fromMs = b.clock.now();
  await b.clock.run(10_000, 100);

  const after = begun.filter((atMs) => atMs >= fromMs);
  const atOnce = after.filter((atMs) => atMs < fromMs + 1000).length;
  assert(after.length > 80 && atOnce < 25, `${atOnce} of ${after.length} checks at once`);
});

Deno.test("HealthChecker counts a check neither way that failed while the process stood still", async () => {
  using b = bench();
  b.watch();
  b.probes.last.pass();
  await settled();
  b.clock.advance(INTERVAL_MS);

  b.clock.stall(60_000);
  b.clock.advance(0);
  await settled();
  const delays = [...b.delays];

  assertEquals(b.probes.begun[1]!.signal.aborted, true);
  assertEquals(b.changes.map(({ available }) => available), [true]);
  // What it would have said is soon asked again.
  assertEquals(delays, [FAST_INTERVAL_MS]);
});

Deno.test("HealthChecker counts a failure that the process did not stand still for", async () => {
  using b = bench();
  b.watch();
  b.probes.last.pass();
  await settled();
  b.clock.stall(60_000);
  b.clock.advance(0);
  b.clock.advance(INTERVAL_MS);

  b.probes.last.fail("refused");
  await settled();

  assertEquals(b.changes.map(({ available }) => available), [true, false]);
});

Deno.test("HealthChecker.evaluate() tells of one that has fallen silent, with how silent it is", async () => {
  using b = bench();
  const detector = new PhiAccrual({
    threshold: 8,
    intervalMs: INTERVAL_MS,
    pauseMs: 0,
    rise: 1,
    initial: "probe",
    nowMs: 0,
  });
  const watching = b.watch({ detector, timeoutMs: 1e9 });
  b.probes.last.pass();
  await settled();

  // Its next check hangs.
  await b.clock.run(4 * INTERVAL_MS, 100);
  const changesBefore = b.changes.length;
  b.checker.evaluate();

  assertEquals(changesBefore, 1);
  assertEquals(b.changes[1]?.available, false);
  assertMatch(b.changes[1]?.reason ?? "", /^no sign of life, phi is \d+\.\d$/);
  assertGreater(watching.report().suspicion ?? 0, 8);
});

Deno.test("Watching.report() tells of the last check that counted, and why a server is down", async () => {
  using b = bench();
  const watching = b.watch({ detector: new Consecutive({ rise: 1, fall: 2 }) });
  const before = watching.report();
  b.clock.advance(20);
  b.probes.last.pass();
  await settled();
  b.clock.advance(500);
  const well = watching.report();
  b.clock.advance(500);
  b.probes.last.fail("refused");
  await settled();
  const doubtful = watching.report();
  b.clock.advance(FAST_INTERVAL_MS);
  b.probes.last.fail("still refused");
  await settled();

  assertEquals(before, { passed: 0, failed: 0 });
  assertEquals(well, { passed: 1, failed: 0, lastCheck: { passed: true, agoMs: 500, tookMs: 20 } });
  const failed = { passed: false, agoMs: 0, tookMs: 0 };
  assertEquals(doubtful, { passed: 1, failed: 1, lastCheck: { ...failed, reason: "refused" } });
  const reason = "still refused";
  assertEquals(watching.report(), {
    reason,
    passed: 1,
    failed: 2,
    lastCheck: { ...failed, reason },
  });
});
