import { RingQueue } from "../lib/ds/ring_queue.ts";

const CAPACITY_BYTES = 64 * 1024;

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
