import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { LbError } from "../../lib/core/errors.ts";
import { Consecutive } from "../../lib/health/consecutive.ts";
import { settled } from "../support/fake_clock.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { bench, INTERVAL_MS, TIMEOUT_MS } from "./support.ts";

Deno.test("HealthChecker.watch() begins the first check at once", () => {
  using b = bench();

  b.watch();

  assertEquals(b.probes.begun.length, 1);
});

Deno.test("HealthChecker begins the next check one interval after the end of the last", async () => {
  using b = bench();
  b.watch();
  b.clock.advance(200);
  b.probes.last.pass();
  await settled();

  b.clock.advance(INTERVAL_MS - 1);
  assertEquals(b.probes.begun.length, 1);
  b.clock.advance(1);

  assertEquals(b.probes.begun.length, 2);
});

Deno.test("HealthChecker never has two checks of one server under way", async () => {
  using b = bench();
  b.watch({ timeoutMs: 1e9 });

  await b.clock.run(10 * INTERVAL_MS, 100);

  assertEquals(b.probes.begun.length, 1);
});

Deno.test("HealthChecker spreads checks by ten percent of the interval to either side", async () => {
  const delays: number[] = [];
  using b = bench(seededRandom(2));
  b.watch();

  for (let round = 0; round < 500; round++) {
    b.probes.last.pass();
    await settled();
    const [delayMs] = b.delays;
    delays.push(delayMs!);
    b.clock.advance(delayMs!);
  }

  const [least, most] = [Math.min(...delays), Math.max(...delays)];
  assert(least >= 900 && least < 910, `shortest: ${least}`);
  assert(most <= 1100 && most > 1090, `longest: ${most}`);
});

Deno.test("HealthChecker tells of a failed check with its reason, and of recovery", async () => {
  using b = bench();
  b.watch();
  b.probes.last.fail("refused");
  await settled();
  b.clock.advance(INTERVAL_MS);
  b.probes.last.pass();
  await settled();

  assertEquals(b.changes, [
    { available: false, isFirst: true, reason: "refused" },
    { available: true, isFirst: false },
  ]);
});

Deno.test("HealthChecker counts a check that takes too long as failed", async () => {
  using b = bench();
  b.watch();

  await b.clock.run(TIMEOUT_MS - 1, 1);
  assertEquals(b.probes.last.signal.aborted, false);
  await b.clock.run(1, 1);

  assertEquals(b.probes.last.signal.aborted, true);
  assertEquals(b.changes.map(({ available }) => available), [false]);
});

Deno.test("HealthChecker counts a check that passes too late as failed", async () => {
  using b = bench();
  const late = Promise.withResolvers<void>();
  // A probe that does not listen to its signal.
  b.watch({ probe: () => late.promise });

  b.clock.advance(TIMEOUT_MS);
  await settled();
  late.resolve();
  await settled();

  assertEquals(b.changes.map(({ available }) => available), [false]);
});

Deno.test("HealthChecker tells nothing while the state stays the same", async () => {
  using b = bench();
  const detector = new Consecutive({ rise: 2, fall: 2 });
  b.watch({ detector, fastIntervalMs: INTERVAL_MS });

  for (const result of "+-+--++-++--") {
    if (result === "+") b.probes.last.pass();
    else b.probes.last.fail("no");
    await settled();
    b.clock.advance(INTERVAL_MS);
  }

  assertEquals(b.changes.map(({ available }) => available), [true, false, true, false]);
});

Deno.test("HealthChecker goes on with its other servers when one never answers", async () => {
  using b = bench();
  b.watch({ timeoutMs: 1e9 });
  let passed = 0;
  b.watch({ probe: () => Promise.resolve(void passed++) });
  await settled();

  await b.clock.run(10 * INTERVAL_MS, 100);

  assertEquals(passed, 11);
});

Deno.test("HealthChecker takes a probe that throws at once for a failed check", async () => {
  using b = bench();
  b.watch({
    probe: () => {
      throw new TypeError("broken");
    },
  });
  await settled();

  assertEquals(b.changes, [{ available: false, isFirst: true, reason: "broken" }]);
  assertEquals(b.delays, [INTERVAL_MS]);
});

Deno.test("HealthChecker runs no more than maxConcurrent checks at once", async () => {
  using b = bench(() => 0.5, 3);
  for (let server = 0; server < 10; server++) b.watch({ timeoutMs: 1e9 });

  assertEquals(b.probes.begun.length, 3);
  for (let done = 0; done < 10; done++) {
    b.probes.begun[done]!.pass();
    await settled();
  }

  assertEquals(b.probes.begun.length, 10);
  assertEquals(b.probes.mostUnderWay, 3);
});

Deno.test("HealthChecker bounds its checks at 64 when not told otherwise", () => {
  using b = bench();
  for (let server = 0; server < 100; server++) b.watch();

  assertLessOrEqual(b.probes.mostUnderWay, 64);
});

Deno.test("HealthChecker.watch()'s end in mid-check counts neither way and tells nothing", async () => {
  using b = bench();
  const detector = new Consecutive({ rise: 1, fall: 1 });
  const watching = b.watch({ detector });

  watching[Symbol.dispose]();
  await settled();

  assertEquals(b.probes.last.signal.aborted, true);
  assertEquals([detector.isAvailable, b.changes, b.delays], [true, [], []]);
});

Deno.test("HealthChecker.watch()'s end between checks calls the next one off", async () => {
  using b = bench();
  const watching = b.watch();
  b.probes.last.pass();
  await settled();

  watching[Symbol.dispose]();
  watching[Symbol.dispose]();
  await b.clock.run(3 * INTERVAL_MS, INTERVAL_MS);

  assertEquals([b.probes.begun.length, b.delays], [1, []]);
});

Deno.test("HealthChecker.watch()'s end while waiting for its turn begins no check", async () => {
  using b = bench(() => 0.5, 1);
  b.watch();
  const begun: string[] = [];
  const probe = (name: string) => () => Promise.resolve(void begun.push(name));
  const waiting = b.watch({ probe: probe("ended") });
  b.watch({ probe: probe("other") });

  waiting[Symbol.dispose]();
  b.probes.begun[0]!.pass();
  await settled();

  assertEquals(begun, ["other"]);
});

Deno.test("HealthChecker's end cuts every check and leaves no timer", async () => {
  const b = bench();
  for (let server = 0; server < 5; server++) b.watch();
  b.probes.last.fail("refused");
  await settled();

  b[Symbol.dispose]();
  await settled();

  assertEquals(b.probes.underWay, 0);
  assertEquals([b.delays, b.changes.length], [[], 1]);
});

Deno.test("HealthChecker counts a check that Weir could not make neither way", async () => {
  using b = bench();
  b.watch();

  for (let round = 0; round < 5; round++) {
    b.probes.last.fail(new LbError("out_of_sockets", "no descriptor", { side: "internal" }));
    await settled();
    b.clock.advance(INTERVAL_MS);
  }

  assertEquals(b.changes, []);
  assertEquals(b.probes.begun.length, 6);
});
