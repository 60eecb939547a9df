import { assertEquals } from "@std/assert";
import { MAX_SPANS, SpanQueue } from "../../lib/tracing/span_queue.ts";
import { settled } from "../support/fake_clock.ts";

Deno.test("SpanQueue sends one parcel after the other", async () => {
  const parcels: number[] = [];
  let open = 0;
  const queue = new SpanQueue<number>(async (spans) => {
    assertEquals(++open, 1);
    parcels.push(spans.length);
    await settled();
    open--;
    return true;
  });

  queue.add(Array.from({ length: 1000 }, (_, at) => at));
  queue.add([1]);
  await queue.flush();

  assertEquals(parcels.reduce((sum, length) => sum + length, 0), 1001);
  assertEquals(Math.max(...parcels), 512);
  assertEquals(queue.lost, { dropped: 0, failed: 0 });
});

Deno.test("SpanQueue drops what has no room while a collector does not answer", async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const queue = new SpanQueue<number>(() => promise);

  queue.add([0]);
  queue.add(Array.from({ length: MAX_SPANS + 10 }, (_, at) => at));
  assertEquals(queue.lost, { dropped: 10, failed: 0 });
  resolve(false);
  await queue.flush();

  assertEquals(queue.lost, { dropped: 10, failed: MAX_SPANS + 1 });
});
