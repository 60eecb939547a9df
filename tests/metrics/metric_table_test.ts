import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import type { MetricShape } from "../../lib/metrics/metric_layout.ts";
import { MetricTable } from "../../lib/metrics/metric_table.ts";
import { REASONS, RETRY_REASONS } from "../../lib/metrics/reasons.ts";

const SHAPE: MetricShape = {
  workers: 3,
  listeners: [0, 1],
  upstreams: [
    { place: 0, backends: [0, 1] },
    { place: 1, backends: [] },
    { place: 2, backends: [2, 3, 4] },
  ],
  links: [
    { listener: 0, upstream: 0 },
    { listener: 0, upstream: 2 },
    { listener: 1, upstream: 2 },
  ],
};

Deno.test("MetricTable adds up what threads count", () => {
  const table = MetricTable.create(SHAPE);
  // Another view, as another thread has it.
  const other = new MetricTable(table.buffer, SHAPE.workers);
  other.assign(SHAPE);
  for (const worker of [0, 1, 2]) {
    const meters = other.metersOf(worker);
    meters.connected(3, 4);
    meters.waited(1, 2000);
    const listener = meters.listener(1);
    listener.received(100 + worker);
    listener.sent(1e12);
    listener.rejected("no_route");
    listener.answered(404);
    listener.to(2).ended(200, 4, 30);
    listener.to(2).retried("reset");
  }

  assertEquals(table.traffic(1), { received: 303, sent: 3e12 });
  assertEquals(table.rejected(1), [["no_route", 3]]);
  assertEquals(table.ownAnswers(1), [["404", 3]]);
  assertEquals(table.answers(1, 2, 4), [["200", 3]]);
  assertEquals(table.retries(1, 2), [["reset", 3]]);
  assertEquals([table.connects(2).count, table.waits(1).sum], [3, 6]);
  assertAlmostEquals(table.durations(1, 2).sum, 0.09);
});

Deno.test("MetricTable keeps every cell apart from every other", () => {
  // A number of its own for each thing that is counted, so that two in one place show.
  const table = MetricTable.create(SHAPE);
  let next = 1;
  const expected = new Map<string, number>();
  const count = (name: string, once: () => void) => {
    expected.set(name, next);
    for (let times = 0; times < next; times++) once();
    next++;
  };
  const meters = table.metersOf(2);
  for (const listener of [0, 1]) {
    const meter = meters.listener(listener);
    for (const reason of REASONS) count(`${listener} ${reason}`, () => meter.rejected(reason));
    count(`${listener} own 200`, () => meter.answered(200));
    count(`${listener} in`, () => meter.received(1));
    count(`${listener} out`, () => meter.sent(1));
  }
  for (const { listener, upstream } of SHAPE.links) {
    const link = meters.listener(listener).to(upstream);
    const backends = upstream === 0 ? [undefined, 0, 1] : [undefined, 2, 3, 4];
    for (const backend of backends) {
      const name = `${listener} ${upstream} ${backend}`;
      count(`${name} 101`, () => link.ended(101, backend, 0));
      count(`${name} 5xx`, () => link.ended(599, backend, 0));
    }
    for (const reason of RETRY_REASONS) {
      count(`${listener} ${upstream} ${reason}`, () => link.retried(reason));
    }
  }

  const found = new Map<string, number>();
  for (const listener of [0, 1]) {
    for (const [reason, sum] of table.rejected(listener)) found.set(`${listener} ${reason}`, sum);
    for (const [code, sum] of table.ownAnswers(listener)) found.set(`${listener} own ${code}`, sum);
    const { received, sent } = table.traffic(listener);
    found.set(`${listener} in`, received).set(`${listener} out`, sent);
  }
  for (const { listener, upstream } of SHAPE.links) {
    const backends = upstream === 0 ? [undefined, 0, 1] : [undefined, 2, 3, 4];
    for (const backend of backends) {
      for (const [code, sum] of table.answers(listener, upstream, backend)) {
        found.set(`${listener} ${upstream} ${backend} ${code}`, sum);
      }
    }
    for (const [reason, sum] of table.retries(listener, upstream)) {
      found.set(`${listener} ${upstream} ${reason}`, sum);
    }
  }
  assertEquals(Object.fromEntries(found), Object.fromEntries(expected));
});

Deno.test("MetricTable counts as many durations as requests that ended", () => {
  const table = MetricTable.create(SHAPE);
  const link = table.metersOf(0).listener(0).to(2);

  for (const status of [200, 302, 499, 503]) link.ended(status, undefined, 1);
  link.ended(200, 3, 1);

  const answers = [table.answers(0, 2), table.answers(0, 2, 3)].flat();
  const sum = answers.reduce((total, [, count]) => total + count, 0);
  assertEquals([sum, table.durations(0, 2).count], [5, 5]);
});

Deno.test("MetricTable.paidRetries() leaves out those that were free", () => {
  const table = MetricTable.create(SHAPE);
  const meter = table.metersOf(0).listener(0);

  for (const reason of RETRY_REASONS) meter.to(0).retried(reason);
  meter.to(2).retried("connect");

  assertEquals([table.paidRetries(0), table.paidRetries(1)], [RETRY_REASONS.length, 0]);
});

Deno.test("MetricTable goes on where a thread that died left off", () => {
  const table = MetricTable.create(SHAPE);
  table.metersOf(1).listener(0).answered(404);

  table.metersOf(1).listener(0).answered(404);

  assertEquals(table.ownAnswers(0), [["404", 2]]);
});

Deno.test("ListenerMeter.to() has no meter for an upstream that gets nothing from the listener", () => {
  const meter = MetricTable.create(SHAPE).metersOf(0).listener(1);

  assertThrows(() => meter.to(0), RangeError, "no link");
});

Deno.test("MetricTable stays small: some hundred bytes for a backend in a thread", () => {
  const links = [{ listener: 0, upstream: 0 }];
  const backends = Array.from({ length: 1000 }, (_, place) => place);
  const shape = { workers: 8, listeners: [0], upstreams: [{ place: 0, backends }], links };

  const { byteLength } = MetricTable.create(shape).buffer;

  assertLess(byteLength / 8 / 1000, 400);
});
