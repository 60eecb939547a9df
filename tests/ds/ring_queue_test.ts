import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { RingQueue } from "../../lib/ds/ring_queue.ts";
import { recordOf } from "../support/ring_record.ts";
import type { RingJob } from "../support/ring_thread.ts";
import { randomBytes, seededRandom, wholeBelow } from "../support/seeded_random.ts";
import { Thread } from "../support/thread.ts";
import { keepTurning } from "../support/keep_turning.ts";

/** Bytes that a record costs beside its own. */
const OVERHEAD = 4;

/** Where the two indices stand in the header, in cells of 32 bits. */
const HEAD_CELL = 0;
const TAIL_CELL = 16;
/** Where the records begin, behind the header. */
const RECORDS_AT = 256;

function bytes(length: number, value = 7): Uint8Array {
  return new Uint8Array(length).fill(value);
}

Deno.test("RingQueue.shift() answers undefined when empty", () => {
  assertEquals(RingQueue.create(16).shift(), undefined);
});

Deno.test("RingQueue.shift() gives records in order, empty ones too", () => {
  const ring = RingQueue.create(64);
  const records = [bytes(3, 1), bytes(0), bytes(5, 2)];

  for (const record of records) assert(ring.push(record));

  assertEquals(records.map(() => ring.shift()), records);
  assertEquals(ring.shift(), undefined);
});

Deno.test("RingQueue.push() copies the record", () => {
  const ring = RingQueue.create(16);
  const record = bytes(4, 1);

  ring.push(record);
  record.fill(9);

  assertEquals(ring.shift(), bytes(4, 1));
});

Deno.test("RingQueue.push() takes a record that fills the ring exactly, wherever it starts", () => {
  const ring = RingQueue.create(16);

  for (let round = 0; round < 20; round++) {
    assert(ring.push(bytes(16 - OVERHEAD, round)));
    assertEquals(ring.shift(), bytes(16 - OVERHEAD, round));
    ring.push(bytes(1));
    ring.shift();
  }
  assertEquals(ring.dropped, 0);
});

Deno.test("RingQueue.push() drops and counts what does not fit", () => {
  const ring = RingQueue.create(32);

  assertEquals(ring.push(bytes(33 - OVERHEAD)), false);
  assertEquals(ring.push(bytes(20 - OVERHEAD)), true);
  assertEquals(ring.push(bytes(13 - OVERHEAD)), false);
  assertEquals(ring.push(bytes(12 - OVERHEAD)), true);
  assertEquals(ring.push(bytes(0)), false);

  assertEquals(ring.dropped, 3);
  assertEquals(ring.shift()?.length, 16);
  assertEquals(ring.push(bytes(0)), true);
});

Deno.test("RingQueue keeps records whole over the end of the ring", () => {
  const random = seededRandom(4);
  const ring = RingQueue.create(128);
  const expected: Uint8Array[] = [];

  for (let step = 0; step < 20_000; step++) {
    if (random() < 0.5) {
      const record = randomBytes(random, wholeBelow(random, 60));
      if (ring.push(record)) expected.push(record);
      else assertGreater(expected.length, 0);
    } else {
      assertEquals(ring.shift(), expected.shift());
    }
  }
});

Deno.test("RingQueue goes on when its indices wrap at 2^31 and at 2^32", () => {
  for (const start of [2 ** 31 - 50, 2 ** 32 - 50]) {
    const ring = RingQueue.create(64);
    const cells = new Int32Array(ring.buffer, 0, 64);
    cells[HEAD_CELL] = start;
    cells[TAIL_CELL] = start;

    for (let number = 0; number < 100; number++) {
      assert(ring.push(recordOf(number % 17)));
      assert(ring.push(recordOf(number % 19)));
      assertEquals(ring.push(bytes(60)), false);
      assertEquals(ring.shift(), recordOf(number % 17));
      assertEquals(ring.shift(), recordOf(number % 19));
      assertEquals(ring.shift(), undefined);
    }
  }
});

for (const claimed of [9, 0xff, 0xffff]) {
  Deno.test(`RingQueue.shift() skips a record of 8 bytes that claims ${claimed}`, () => {
    const ring = RingQueue.create(64);
    ring.push(bytes(8, 1));
    new DataView(ring.buffer, RECORDS_AT).setUint32(0, claimed, true);

    assertEquals(ring.shift(), undefined);
    ring.push(bytes(5, 2));
    ring.push(bytes(0));

    assertEquals(ring.dropped, 1);
    assertEquals([ring.shift(), ring.shift()], [bytes(5, 2), bytes(0)]);
    assertEquals(ring.shift(), undefined);
  });
}

Deno.test("RingQueue.shift() drops what comes after a record that cannot be told apart", () => {
  const ring = RingQueue.create(64);
  for (let i = 0; i < 3; i++) ring.push(bytes(8, i));
  new DataView(ring.buffer, RECORDS_AT).setUint32(0, 1000, true);

  assertEquals(ring.shift(), undefined);

  assertEquals(ring.dropped, 1);
  assertEquals(ring.push(bytes(64 - OVERHEAD)), true);
  assertEquals(ring.shift(), bytes(64 - OVERHEAD));
});

Deno.test("RingQueue refuses a buffer whose size is no power of two", () => {
  for (const capacity of [0, 8, 15, 17, 1000]) {
    assertThrows(() => RingQueue.create(capacity), RangeError, "must be a power of two");
  }
});

Deno.test("RingQueue.wait() resolves at once when there are records", async () => {
  const ring = RingQueue.create(16);
  ring.push(bytes(1));

  await ring.wait(60_000);

  assertEquals(ring.shift(), bytes(1));
});

Deno.test("RingQueue.wait() resolves when a record comes", async () => {
  using _turning = keepTurning();
  const ring = RingQueue.create(64);

  for (let round = 0; round < 5; round++) {
    const waiting = ring.wait(60_000);
    ring.push(bytes(round));
    await waiting;
    assertEquals(ring.shift(), bytes(round));
  }
});

Deno.test("RingQueue.wait() resolves when it is woken, and when its time is over", async () => {
  using _turning = keepTurning();
  const ring = RingQueue.create(16);

  const waiting = ring.wait(60_000);
  ring.wake();
  await waiting;
  await ring.wait(1);

  assertEquals(ring.shift(), undefined);
});

Deno.test("RingQueue loses and spoils nothing between two threads", async () => {
  const count = 100_000;
  // Small, so that it wraps and fills up all the time.
  const ring = RingQueue.create(4096);
  using producer = new Thread("ring_thread.ts");
  const job: RingJob = { buffer: ring.buffer, count };
  const done = producer.run(job);

  for (let number = 0; number < count;) {
    const record = ring.shift();
    if (record === undefined) {
      await ring.wait(5000);
      continue;
    }
    if (!isRecordOf(record, number)) assertEquals(record, recordOf(number), `record ${number}`);
    number++;
  }

  assertEquals(await done, "done");
  assertEquals(ring.shift(), undefined);
});

/** Quicker than a deep comparison, of which 100,000 would take seconds. */
function isRecordOf(record: Uint8Array, number: number): boolean {
  const expected = recordOf(number);
  return record.length === expected.length &&
    record.every((byte, place) => byte === expected[place]);
}

Deno.test("RingQueue.shiftInto() gathers records in order, as far as they fit", () => {
  const ring = RingQueue.create(64);
  const into = new Uint8Array(9);
  for (const record of [bytes(3, 1), bytes(0), bytes(5, 2), bytes(2, 3)]) assert(ring.push(record));

  assertEquals([0, 3, 3, 8].map((at) => ring.shiftInto(into, at)), [3, 0, 5, -1]);

  assertEquals(into, Uint8Array.of(1, 1, 1, 2, 2, 2, 2, 2, 0));
  assertEquals(ring.shiftInto(into, 0), 2);
  assertEquals(ring.shiftInto(into, 0), -1);
});

Deno.test("RingQueue.shiftInto() takes a record that goes round the end of the ring", () => {
  const ring = RingQueue.create(32);
  const into = new Uint8Array(20);

  for (let round = 0; round < 50; round++) {
    assert(ring.push(bytes(round % 20, round)));
    assertEquals(ring.shiftInto(into, 0), round % 20);
    assertEquals(into.subarray(0, round % 20), bytes(round % 20, round));
  }
});
