import { assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import {
  type ArrivalSource,
  ClosedSource,
  gaps,
  OPEN_ARRIVALS,
  OpenSource,
} from "../../lib/simulate/arrivals.ts";
import { seededRandom } from "../support/seeded_random.ts";

const NO_LIMIT = { requests: Infinity, durationMs: Infinity };

function draws(gapMs: number) {
  let count = 0;
  return { gap: () => gapMs, service: () => ++count, key: () => count * 10 };
}

/** Takes everything that there is. */
function takeAll(source: ArrivalSource): [atMs: number, serviceMs: number, key: number][] {
  const taken: [number, number, number][] = [];
  while (source.atMs !== Infinity) {
    const { atMs } = source;
    source.take();
    taken.push([atMs, source.serviceMs, source.key]);
  }
  return taken;
}

for (const process of OPEN_ARRIVALS) {
  Deno.test(`gaps() of ${process} arrivals have the mean asked for`, () => {
    const next = gaps(process, 2, seededRandom(4));
    const sum = Array.from({ length: 500_000 }, next).reduce((a, b) => a + b, 0);

    assertAlmostEquals(sum / 500_000, 2, 0.1);
  });
}

Deno.test("gaps() of bursty arrivals are half as long in bursts, with pauses between them", () => {
  const values = Array.from({ length: 200_000 }, gaps("bursty", 2, seededRandom(4)));
  const short = values.filter((gap) => gap < 20);

  assertAlmostEquals(short.reduce((a, b) => a + b, 0) / short.length, 1, 0.05);
  assertGreater(values.filter((gap) => gap > 500).length, 100);
});

Deno.test("OpenSource ends after the last request", () => {
  const source = new OpenSource(draws(5), { requests: 3, durationMs: Infinity });

  assertEquals(takeAll(source), [[5, 1, 10], [10, 2, 20], [15, 3, 30]]);
});

Deno.test("OpenSource ends when the time is up", () => {
  const source = new OpenSource(draws(5), { requests: Infinity, durationMs: 15 });

  assertEquals(takeAll(source).map(([atMs]) => atMs), [5, 10]);
});

Deno.test("ClosedSource sends nothing for a client that waits", () => {
  const source = new ClosedSource(2, draws(5), NO_LIMIT);
  assertEquals(takeAll(source).map(([atMs]) => atMs), [5, 5]);

  source.finished(100);

  assertEquals(takeAll(source).map(([atMs]) => atMs), [105]);
});

Deno.test("ClosedSource ends after the last request and when the time is up", () => {
  const byCount = new ClosedSource(3, draws(5), { requests: 2, durationMs: Infinity });
  const byTime = new ClosedSource(1, draws(5), { requests: Infinity, durationMs: 12 });

  assertEquals(takeAll(byCount).length, 2);
  assertEquals(takeAll(byTime).length, 1);
  byTime.finished(7);
  assertEquals(byTime.atMs, Infinity);
});
