import { assert, assertEquals } from "@std/assert";
import { WheelTimer } from "../../lib/ds/timer_wheel.ts";
import { Timeouts } from "../../lib/net/timeouts.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { PacedTimeouts } from "../support/paced_timeouts.ts";
import { within } from "../support/wait.ts";

function recorder(): { timer: WheelTimer; firedAt: number[] } {
  const firedAt: number[] = [];
  return { timer: new WheelTimer((nowMs) => firedAt.push(nowMs)), firedAt };
}

Deno.test("Timeouts.schedule() fires once its time has passed", async () => {
  using paced = new PacedTimeouts();
  const { timer, firedAt } = recorder();

  paced.timeouts.schedule(timer, 1000);
  await paced.pass(800);
  assertEquals(firedAt, []);
  await paced.pass(200);

  assertEquals(firedAt.length, 1);
});

Deno.test("Timeouts.cancel() calls a timer off", async () => {
  using paced = new PacedTimeouts();
  const { timer, firedAt } = recorder();
  paced.timeouts.schedule(timer, 100);

  paced.timeouts.cancel(timer);
  await paced.pass(500);

  assertEquals(firedAt, []);
});

Deno.test("Timeouts.schedule() works again after everything had expired", async () => {
  using paced = new PacedTimeouts();
  const { timer, firedAt } = recorder();

  for (let round = 1; round <= 3; round++) {
    paced.timeouts.schedule(timer, 100);
    await paced.pass(100);
    assertEquals(firedAt.length, round);
  }
});

Deno.test("Timeouts.nowMs follows the clock at each schedule", () => {
  using paced = new PacedTimeouts();
  const { timer } = recorder();

  paced.clock.advance(500);
  paced.timeouts.schedule(timer, 100);

  assertEquals(paced.timeouts.nowMs, paced.clock.now());
});

Deno.test("Timeouts fires by the real clock too", async () => {
  using timeouts = new Timeouts(() => performance.now());
  const startMs = performance.now();

  await new Promise<void>((resolve) => timeouts.schedule(new WheelTimer(() => resolve()), 20));

  assert(performance.now() - startMs >= 20);
});

Deno.test("Timeouts lets one tick pass after a standstill before anything expires", async () => {
  const clock = new FakeClock();
  let looks = 0;
  // Every tick looks at the clock once.
  using timeouts = new Timeouts(() => {
    looks++;
    return clock.now();
  });
  const fired = Promise.withResolvers<number>();
  timeouts.schedule(new WheelTimer(() => fired.resolve(looks)), 1000);
  const before = looks;

  clock.advance(60_000);

  assertEquals(await within("the timer", fired.promise) - before, 2);
});

Deno.test("Timeouts runs no timer while nothing is set", async () => {
  // The sanitizer of this test would find the interval: nothing disposes of it here.
  const timeouts = new Timeouts(() => performance.now());

  await new Promise<void>((resolve) => timeouts.schedule(new WheelTimer(() => resolve()), 0));
});
