/// <reference lib="deno.worker" />
/**
 * A thread that raises a shared counter some eight thousand times a second: timers of the event
 * loop know whole milliseconds alone, and thirty requests sent at once would measure themselves.
 */

/** Sleep between two ticks; waking up takes about as long again. */
const SLEEP_MS = 0.05;

self.addEventListener("message", ({ data }: MessageEvent<Int32Array<SharedArrayBuffer>>) => {
  for (;;) {
    // Nobody notifies the second cell: this sleeps.
    Atomics.wait(data, 1, 0, SLEEP_MS);
    Atomics.add(data, 0, 1);
    Atomics.notify(data, 0);
  }
});
