import { assert, assertEquals, assertGreater } from "@std/assert";
import { RingQueue } from "../../lib/ds/ring_queue.ts";
import {
  type Contents,
  Interleavings,
  type Moment,
  type Program,
} from "../support/interleavings.ts";

const HEAD_CELL = 0;
const TAIL_CELL = 16;
const DROPPED_CELL = 48;
const CAPACITY = 16;

/** Only its size is looked at: what it holds is in the model. */
const BUFFER = RingQueue.create(CAPACITY).buffer;

/** Pushes each of the records once; the results say which were taken. */
function producer(records: readonly Uint8Array[]): Program {
  return ({ length: pushed }) => {
    const record = records[pushed];
    return record && ((memory) => new RingQueue(BUFFER, memory).push(record));
  };
}

/** Takes what there is for ever, and sleeps when there is nothing, as the supervisor does. */
const consumer: Program = () => (memory) => {
  const ring = new RingQueue(BUFFER, memory);
  const record = ring.shift();
  return record === undefined ? ring.wait(1000) : [...record];
};

/** A ring in which that many bytes have been written and read before. */
function ringAt(start: number): Contents {
  return {
    cells: new Map([[HEAD_CELL, start | 0], [TAIL_CELL, start | 0]]),
    bytes: new Uint8Array(CAPACITY).fill(0xee),
  };
}

function recordsOf(lengths: readonly number[]): Uint8Array[] {
  return lengths.map((length, number) => {
    return Uint8Array.from({ length }, (_, at) => 16 * (number + 1) + at);
  });
}

interface Case {
  readonly name: string;
  readonly lengths: readonly number[];
  /** How often pushes may have been refused at the end, over all orders. */
  readonly refused: readonly number[];
}

const CASES: readonly Case[] = [
  { name: "records that fit", lengths: [2, 1, 0], refused: [0] },
  { name: "more than the ring has room for", lengths: [4, 4, 4], refused: [0, 1] },
  { name: "records that fill the ring", lengths: [12, 12], refused: [0, 1] },
  { name: "one that never fits between others", lengths: [1, 13, 1], refused: [1] },
  { name: "small ones while a large one is read", lengths: [8, 1, 1, 1], refused: [0, 1, 2, 3] },
];

for (const { name, lengths, refused } of CASES) {
  // Apart from 0: a length and a record that go over the end of the ring, and indices that wrap.
  for (const start of [0, 5, 14, 2 ** 31 - 6, 2 ** 32 - 9]) {
    Deno.test(`RingQueue in every order of accesses: ${name}, from ${start}`, () => {
      const records = recordsOf(lengths);
      const model = new Interleavings([producer(records), consumer]);
      const drops = new Set<number>();

      model.explore(ringAt(start), (moment, isLast) => {
        assertIsPrefix(moment, records);
        if (isLast) drops.add(assertComplete(moment, records));
      });

      assertGreater(model.count, 100);
      assertEquals([...drops].sort(), refused);
    });
  }
}

/** What was taken out is what was put in, in its order, and nothing torn; at every moment. */
function assertIsPrefix({ threads }: Moment, records: readonly Uint8Array[]): void {
  const [pushed = [], taken = []] = threads.map(({ results }) => results);
  const maybe = records.filter((_, number) => pushed[number] ?? number === pushed.length);
  taken.forEach((record, number) => {
    const expected = maybe[number];
    assert(expected !== undefined, `took ${JSON.stringify(record)}, which was not pushed`);
    if (String(record) !== String(expected)) assertEquals(record, [...expected]);
  });
}

/** When both have come to rest everything that was put in has been taken out. Gives the refused. */
function assertComplete({ threads, contents }: Moment, records: readonly Uint8Array[]): number {
  const [pushed = [], taken = []] = threads.map(({ results }) => results);
  const accepted = records.filter((_, number) => pushed[number]);
  assertEquals(taken.length, accepted.length, "the consumer sleeps, and there are records");
  assertEquals(contents.cells.get(HEAD_CELL), contents.cells.get(TAIL_CELL));
  const refused = records.length - accepted.length;
  assertEquals(contents.cells.get(DROPPED_CELL) ?? 0, refused);
  return refused;
}
