import { assertEquals } from "@std/assert";
import { RunningTime } from "../../lib/health/running_time.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("RunningTime.now() goes with the clock while the process runs", () => {
  const clock = new FakeClock(5000);
  using running = new RunningTime(clock);

  for (let step = 0; step < 100; step++) clock.advance(73);

  assertEquals([running.now(), running.lostMs], [clock.now(), 0]);
});

Deno.test("RunningTime.now() stands still while the process does, but for a tick", () => {
  const clock = new FakeClock();
  using running = new RunningTime(clock);
  clock.advance(1000);

  clock.stall(60_000);
  // Asked before any timer has run.
  const seenMs = running.now();
  clock.advance(1000);

  assertEquals([seenMs, running.now(), running.lostMs], [1100, 2100, 59_900]);
});

Deno.test("RunningTime takes ticks that are a little late for what they are", () => {
  const clock = new FakeClock();
  using running = new RunningTime(clock);

  for (let step = 0; step < 50; step++) {
    clock.stall(290);
    clock.advance(0);
  }

  assertEquals(running.lostMs, 0);
});

Deno.test("RunningTime's end leaves no timer", () => {
  const clock = new FakeClock();
  const running = new RunningTime(clock);

  running[Symbol.dispose]();

  assertEquals(clock.delays, []);
});
