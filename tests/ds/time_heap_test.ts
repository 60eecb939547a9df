import { assertEquals } from "@std/assert";
import { TimeHeap } from "../../lib/ds/time_heap.ts";
import { seededRandom, wholeBelow } from "../support/seeded_random.ts";

Deno.test("TimeHeap hands out nothing while it is empty", () => {
  const heap = new TimeHeap(1);

  assertEquals([heap.size, heap.firstTime, heap.pop()], [0, Infinity, -1]);
});

Deno.test("TimeHeap hands out what was pushed in the order of time, then of number", () => {
  const random = seededRandom(1);
  for (let round = 0; round < 200; round++) {
    const heap = new TimeHeap(1);
    const expected: [time: number, value: number][] = [];
    const steps = wholeBelow(random, 100);
    for (let step = 0; step < steps; step++) {
      if (random() < 0.3) {
        expected.sort(([a, x], [b, y]) => a - b || x - y);
        const [time, value] = expected.shift() ?? [Infinity, -1];
        assertEquals([heap.firstTime, heap.pop()], [time, value]);
      } else {
        const entry = [wholeBelow(random, 20), step * 7919 % 101] as [number, number];
        expected.push(entry);
        heap.push(...entry);
      }
    }
    expected.sort(([a, x], [b, y]) => a - b || x - y);
    assertEquals(heap.size, expected.length);
    assertEquals(expected.map(() => [heap.firstTime, heap.pop()]), expected);
  }
});
