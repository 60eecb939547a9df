import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { AdmissionQueue, type AdmissionQueueOptions } from "../../lib/limit/admission_queue.ts";

function queueOf(options: Partial<AdmissionQueueOptions> = {}): AdmissionQueue<string> {
  return new AdmissionQueue({
    size: 100,
    timeoutMs: 1000,
    targetMs: 5,
    intervalMs: 100,
    ...options,
  });
}

/** Serves the next one. */
function serve(queue: AdmissionQueue<string>, nowMs: number): string | undefined {
  const place = queue.next(nowMs);
  if (place !== undefined) queue.leave(place, nowMs);
  return place?.waiter;
}

Deno.test("AdmissionQueue serves in the order of arrival while it keeps up", () => {
  const queue = queueOf();
  for (const [nowMs, name] of ["a", "b", "c"].entries()) queue.push(name, nowMs);

  assertEquals(serve(queue, 10), "a");
  queue.push("d", 11);

  assertEquals([serve(queue, 50), serve(queue, 60), serve(queue, 70)], ["b", "c", "d"]);
  assertEquals([serve(queue, 70), queue.length, queue.first], [undefined, 0, undefined]);
});

Deno.test("AdmissionQueue has no more places than its size", () => {
  const queue = queueOf({ size: 2 });
  const first = queue.push("a", 0)!;
  queue.push("b", 0);

  assertEquals(queue.push("c", 0), undefined);
  queue.leave(first, 1);
  assertEquals(queue.push("d", 1)?.waiter, "d");
  assertEquals(queueOf({ size: 0 }).push("a", 0), undefined);
});

Deno.test("AdmissionQueue goes newest first once the first waits too long for an interval", () => {
  const queue = queueOf();
  queue.push("a", 0);
  queue.push("b", 1);
  queue.push("c", 104);

  assertEquals([queue.isOverloaded(104.9), queue.next(104.9)?.waiter], [false, "a"]);
  assertEquals([queue.isOverloaded(105), queue.next(105)?.waiter], [true, "c"]);
});

Deno.test("AdmissionQueue stays overloaded while each new first is late, and ends with one that is not", () => {
  const queue = queueOf();
  for (let ms = 0; ms <= 60; ms += 10) queue.push(String(ms), ms);
  queue.push("new", 107);

  // At 66 ms the first is 50, which is late as well.
  for (let i = 0; i < 5; i++) serve(queue, 66);
  assertEquals(queue.isOverloaded(105), true);
  // 50 and 60 go; the first is now one that came 3 ms ago.
  queue.leave(queue.first!, 110);
  queue.leave(queue.first!, 110);

  assertEquals([queue.first?.waiter, queue.isOverloaded(110)], ["new", false]);
  assertEquals([queue.isOverloaded(211), queue.isOverloaded(212)], [false, true]);
});

Deno.test("AdmissionQueue that was empty in between is not overloaded", () => {
  const queue = queueOf();
  queue.push("a", 0);
  serve(queue, 90);

  queue.push("b", 90);

  assertEquals([queue.isOverloaded(150), queue.isOverloaded(195)], [false, true]);
});

Deno.test("AdmissionQueue.expire() takes out the oldest whose time is up, one after the other", () => {
  const queue = queueOf({ timeoutMs: 50 });
  for (const [name, ms] of [["a", 0], ["b", 10], ["c", 40]] as const) queue.push(name, ms);

  const taken = (nowMs: number) => {
    const names: string[] = [];
    for (let late = queue.expire(nowMs); late; late = queue.expire(nowMs)) names.push(late.waiter);
    return names;
  };

  assertEquals([taken(49), taken(61), taken(61), taken(90)], [[], ["a", "b"], [], ["c"]]);
});

Deno.test("AdmissionQueue.leave() takes anybody out, once", () => {
  const queue = queueOf();
  const places = ["a", "b", "c", "d"].map((name) => queue.push(name, 0)!);

  assertEquals([places[1]!, places[1]!, places[3]!].map((place) => queue.leave(place, 1)), [
    true,
    false,
    true,
  ]);
  queue.push("e", 2);

  assertEquals([serve(queue, 3), serve(queue, 3), serve(queue, 3)], ["a", "c", "e"]);
});

Deno.test("AdmissionQueue in overload serves more in time than the same queue in order", () => {
  // Twice as much work as can be done, for whom an answer after 300 ms is of no use.
  const inTime = (intervalMs: number) => {
    const queue = queueOf({ intervalMs, size: 1000 });
    let good = 0;
    for (let ms = 0; ms < 20_000; ms += 5) {
      queue.push(String(ms), ms);
      while (queue.expire(ms) !== undefined);
      if (ms % 10 === 0 && ms - Number(serve(queue, ms)) <= 300) good++;
    }
    return good;
  };

  const served = 2000;
  assertGreater(inTime(100), 0.95 * served);
  assertLess(inTime(Infinity), 0.1 * served);
});
