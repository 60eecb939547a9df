import { RingQueue } from "../lib/ds/ring_queue.ts";

const CAPACITY_BYTES = 64 * 1024;
/** Where the two indices stand in the header, in cells of 32 bits. */
const HEAD_CELL = 0;
const TAIL_CELL = 16;

for (const sizeBytes of [32, 256, 4096]) {
  const record = new Uint8Array(sizeBytes);
  const ring = RingQueue.create(CAPACITY_BYTES);
  Deno.bench({
    name: `push and shift, ${sizeBytes} bytes`,
    group: "push and shift",
    fn() {
      ring.push(record);
      ring.shift();
    },
  });
}

// What a thread pays for a record: the consumer's side is done by setting its index now and then.
for (const sizeBytes of [32, 256, 1024]) {
  const record = new Uint8Array(sizeBytes);
  const ring = RingQueue.create(CAPACITY_BYTES);
  const cells = new Int32Array(ring.buffer, 0, 64);
  Deno.bench({
    name: `push, ${sizeBytes} bytes`,
    group: "push",
    fn() {
      if (!ring.push(record)) cells[HEAD_CELL] = cells[TAIL_CELL]!;
    },
  });
}

// What a producer pays while the consumer has fallen behind.
const full = RingQueue.create(16);
full.push(new Uint8Array(12));
const refused = new Uint8Array(256);
Deno.bench({
  name: "push into a full ring",
  fn: () => void full.push(refused),
});

const burst = RingQueue.create(CAPACITY_BYTES);
const line = new Uint8Array(200);
Deno.bench({
  name: "100 pushes of 200 bytes, then 100 shifts",
  fn() {
    for (let i = 0; i < 100; i++) burst.push(line);
    while (burst.shift() !== undefined);
  },
});
