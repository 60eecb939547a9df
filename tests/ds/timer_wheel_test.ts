import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { TimerWheel, WheelTimer } from "../../lib/ds/timer_wheel.ts";
import { oneOf, seededRandom, wholeBelow } from "../support/seeded_random.ts";

const TICK_MS = 10;
const SLOTS = 8;

interface Bench {
  readonly wheel: TimerWheel;
  /** When each timer expired, by its name. */
  readonly fired: [name: string, atMs: number][];
  timer(name: string): WheelTimer;
}

function bench(nowMs = 0): Bench {
  const wheel = new TimerWheel(TICK_MS, SLOTS, nowMs);
  const fired: [string, number][] = [];
  return {
    wheel,
    fired,
    timer: (name) => new WheelTimer((atMs) => fired.push([name, atMs])),
  };
}

Deno.test("TimerWheel.advance() fires never early and at most one tick late", () => {
  for (let delayMs = 0; delayMs < 200; delayMs++) {
    for (const startMs of [0, 3, 9, 10, 12345]) {
      const { wheel, fired, timer } = bench(startMs);
      wheel.schedule(timer("a"), delayMs, startMs);

      for (let nowMs = startMs; nowMs < startMs + 300; nowMs++) wheel.advance(nowMs);

      assertEquals(fired.length, 1);
      const lateMs = fired[0]![1] - (startMs + delayMs);
      assert(lateMs >= 0 && lateMs <= TICK_MS, `${lateMs} ms late`);
    }
  }
});

Deno.test("TimerWheel.schedule() moves a timer that is set", () => {
  const { wheel, fired, timer } = bench();
  const moved = timer("a");
  wheel.schedule(moved, 20, 0);

  wheel.schedule(moved, 100, 10);
  assertEquals(wheel.size, 1);
  wheel.advance(109);
  assertEquals(fired, []);
  wheel.advance(110);
  assertEquals(fired, [["a", 110]]);

  wheel.schedule(moved, 100, 110);
  wheel.schedule(moved, 10, 110);
  wheel.advance(120);
  assertEquals(fired, [["a", 110], ["a", 120]]);
});

Deno.test("TimerWheel.cancel() calls a timer off, and does not mind one that is not set", () => {
  const { wheel, fired, timer } = bench();
  const first = timer("a");
  const second = timer("b");
  wheel.schedule(first, 20, 0);
  wheel.schedule(second, 20, 0);

  wheel.cancel(first);
  wheel.cancel(first);
  wheel.cancel(timer("c"));

  assertEquals([wheel.size, first.scheduled, second.scheduled], [1, false, true]);
  wheel.advance(1000);
  assertEquals(fired, [["b", 1000]]);
  assertEquals(wheel.size, 0);
});

Deno.test("TimerWheel.cancel() reaches a timer that is due in the same tick", () => {
  const { wheel, fired, timer } = bench();
  const victim = timer("victim");
  const killer = new WheelTimer(() => wheel.cancel(victim));
  wheel.schedule(killer, 20, 0);
  wheel.schedule(victim, 20, 0);

  wheel.advance(20);

  assertEquals(fired, []);
  assertEquals(wheel.size, 0);
});

Deno.test("WheelTimer.onExpire() may set its timer again", () => {
  const wheel = new TimerWheel(TICK_MS, SLOTS, 0);
  const firedAt: number[] = [];
  const timer = new WheelTimer((nowMs) => {
    firedAt.push(nowMs);
    // A whole round, so that it comes back to the very slot that is being worked off.
    if (firedAt.length < 4) wheel.schedule(timer, TICK_MS * SLOTS, nowMs);
  });
  wheel.schedule(timer, 0, 0);

  for (let nowMs = 0; nowMs <= 1000; nowMs += TICK_MS) wheel.advance(nowMs);

  assertEquals(firedAt, [10, 90, 170, 250]);
  assertEquals(wheel.size, 0);
});

Deno.test("WheelTimer.onExpire() may move another timer that is due in the same tick", () => {
  const { wheel, fired, timer } = bench();
  const other = timer("other");
  const mover = new WheelTimer((nowMs) => wheel.schedule(other, 50, nowMs));
  wheel.schedule(mover, 20, 0);
  wheel.schedule(other, 20, 0);

  wheel.advance(20);
  assertEquals(fired, []);
  wheel.advance(70);

  assertEquals(fired, [["other", 70]]);
});

Deno.test("TimerWheel.advance() fires everything that fell due in a long pause, once", () => {
  const { wheel, fired, timer } = bench();
  for (const delayMs of [1, 50, 80, 400, 12_345]) wheel.schedule(timer(`${delayMs}`), delayMs, 0);

  wheel.advance(12_344);
  assertEquals(fired.map(([name]) => name).sort(), ["1", "400", "50", "80"]);
  wheel.advance(12_350);

  assertEquals(fired.at(-1), ["12345", 12_350]);
  assertEquals(wheel.size, 0);
});

Deno.test("TimerWheel.schedule() holds a timer that is further away than one round", () => {
  const { wheel, fired, timer } = bench();
  wheel.schedule(timer("far"), 3 * SLOTS * TICK_MS, 0);

  for (let nowMs = 0; nowMs < 240; nowMs += TICK_MS) wheel.advance(nowMs);
  assertEquals(fired, []);
  wheel.advance(240);

  assertEquals(fired, [["far", 240]]);
});

Deno.test("TimerWheel.schedule() is right after a pause in which nobody advanced it", () => {
  const { wheel, fired, timer } = bench();
  wheel.schedule(timer("late"), 25, 5000);

  wheel.advance(5020);
  assertEquals(fired, []);
  wheel.advance(5030);

  assertEquals(fired, [["late", 5030]]);
});

for (const seed of [1, 2, 3]) {
  Deno.test(`TimerWheel agrees with a list of deadlines over random changes, seed ${seed}`, () => {
    const random = seededRandom(seed);
    const deadlines = new Map<WheelTimer, number>();
    const wheel = new TimerWheel(TICK_MS, SLOTS, 0);
    const timers: WheelTimer[] = Array.from({ length: 50 }, () => {
      const timer: WheelTimer = new WheelTimer((nowMs) => onExpire(timer, nowMs));
      return timer;
    });
    let nowMs = 0;

    for (let step = 0; step < 5000; step++) {
      change(oneOf(random, timers));
      if (random() < 0.3) {
        nowMs += wholeBelow(random, random() < 0.05 ? 500 : 15);
        wheel.advance(nowMs);
        for (const deadlineMs of deadlines.values()) assertGreater(deadlineMs, nowMs - TICK_MS);
      }
      assertEquals(wheel.size, deadlines.size);
    }

    function change(timer: WheelTimer): void {
      if (random() < 0.3) {
        wheel.cancel(timer);
        deadlines.delete(timer);
      } else {
        set(timer, nowMs);
      }
      assertEquals(timer.scheduled, deadlines.has(timer));
    }

    function set(timer: WheelTimer, atMs: number): void {
      const delayMs = wholeBelow(random, 300);
      wheel.schedule(timer, delayMs, atMs);
      deadlines.set(timer, atMs + delayMs);
    }

    function onExpire(timer: WheelTimer, atMs: number): void {
      assertLessOrEqual(deadlines.get(timer) ?? Infinity, atMs);
      deadlines.delete(timer);
      if (random() < 0.2) set(timer, atMs);
    }
  });
}
