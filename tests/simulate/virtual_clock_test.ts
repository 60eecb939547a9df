import { assertEquals } from "@std/assert";
import { TimeHeap } from "../../lib/ds/time_heap.ts";
import { WheelTimer } from "../../lib/ds/timer_wheel.ts";
import { VirtualClock, VirtualTimeouts } from "../../lib/simulate/virtual_clock.ts";

/** A clock with what an engine does for it. */
function engine() {
  const events = new TimeHeap();
  const clock = new VirtualClock((atMs, timer) => events.push(atMs, timer));
  const runTo = (ms: number) => {
    while (events.firstTime <= ms) {
      clock.nowMs = events.firstTime;
      clock.expire(events.pop());
    }
    clock.nowMs = ms;
  };
  return { clock, runTo };
}

Deno.test("VirtualClock.after() calls once, in time, and not after it was disposed of", () => {
  const { clock, runTo } = engine();
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(`${name} ${clock.now()}`);

  clock.after(20, note("late"));
  clock.after(10, () => void clock.after(5, note("nested")));
  clock.after(12, note("never"))[Symbol.dispose]();
  runTo(100);

  assertEquals(calls, ["nested 15", "late 20"]);
});

Deno.test("VirtualClock disposes of a timer, and not of the one that has its number after it", () => {
  const { clock, runTo } = engine();
  let calls = 0;
  const first = clock.after(10, () => {});
  runTo(10);
  clock.after(10, () => void calls++);

  first[Symbol.dispose]();
  runTo(20);

  assertEquals(calls, 1);
});

Deno.test("VirtualTimeouts call within two ticks, also timers that set themselves again", () => {
  const { clock, runTo } = engine();
  const timeouts = new VirtualTimeouts(clock);
  const calls: number[] = [];
  const timer = new WheelTimer(() => {
    calls.push(clock.nowMs);
    if (calls.length < 3) timeouts.schedule(timer, 100);
  });
  const never = new WheelTimer(() => void calls.push(NaN));

  timeouts.schedule(timer, 100);
  timeouts.schedule(never, 100);
  timeouts.cancel(never);
  runTo(10_000);

  assertEquals(calls, [150, 300, 450]);
});
