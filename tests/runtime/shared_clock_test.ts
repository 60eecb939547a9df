import { assert } from "@std/assert";
import { sharedClock, wallOffset } from "../../lib/runtime/shared_clock.ts";
import { Thread } from "../support/thread.ts";

/** Clocks differ by that much at most: the wall clock turns and is read, which is no one moment. */
const SLACK_MS = 1;

Deno.test("sharedClock() reads another thread's clock", async () => {
  for (let round = 0; round < 3; round++) {
    const offsetMs = wallOffset();
    using thread = new Thread("clock_thread.ts");

    const askedAt = performance.now();
    const there = Number(await thread.run(offsetMs));
    const heardAt = performance.now();

    const seen = `${there} must be between ${askedAt} and ${heardAt}`;
    assert(there >= askedAt - SLACK_MS && there <= heardAt + SLACK_MS, seen);
  }
});

Deno.test("sharedClock() of a thread's own offset is its own clock", () => {
  const clock = sharedClock(wallOffset());
  const before = performance.now();
  const there = clock();

  assert(Math.abs(there - before) < SLACK_MS + performance.now() - before, `${there - before}`);
});
