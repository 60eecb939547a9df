import { RingQueue } from "../../lib/ds/ring_queue.ts";
import { recordOf } from "./ring_record.ts";

/** Pushes `count` numbered records, trying again for as long as the ring is full. */
export interface RingJob {
  readonly buffer: SharedArrayBuffer;
  readonly count: number;
}

const scope = globalThis as unknown as EventTarget & { postMessage(message: unknown): void };

scope.addEventListener("message", (event) => {
  if (!(event instanceof MessageEvent)) return;
  const { buffer, count } = event.data as RingJob;
  const ring = new RingQueue(buffer);
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let number = 0; number < count; number++) {
    while (!ring.push(recordOf(number))) Atomics.wait(never, 0, 0, 0.1);
  }
  scope.postMessage("done");
});
