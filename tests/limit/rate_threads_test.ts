import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { Gcra, type Rate } from "../../lib/limit/gcra.ts";
import { RateTable, TABLE_BYTES } from "../../lib/limit/rate_table.ts";
import type { RateJob, RateReport } from "../support/rate_thread.ts";
import { StartGate, Thread } from "../support/thread.ts";

const THREADS = 4;
const ROUNDS = 50_000;
/**
 * So small that the clock passes fewer milliseconds in all than a thread may lag: one that is set
 * aside between a look at the clock and a look at the table can miss every step of the others.
 */
const STEP_MS = 1 / 8;

/** What the threads got together of each key, and the time at the end. */
async function hammer(rate: Rate, keys: number) {
  const words = new SharedArrayBuffer(TABLE_BYTES);
  const clock = new SharedArrayBuffer(4);
  const gate = new StartGate().buffer;
  using stack = new DisposableStack();
  const reports = await Promise.all(Array.from({ length: THREADS }, (_, seed) => {
    const job: RateJob = {
      rate,
      words,
      gate,
      threads: THREADS,
      clock,
      stepMs: STEP_MS,
      keys,
      rounds: ROUNDS,
      seed,
    };
    return stack.use(new Thread("rate_thread.ts")).run(job) as Promise<RateReport>;
  }));
  const passed = Array.from(
    { length: keys },
    (_, key) => reports.reduce((sum, report) => sum + report[key]!, 0),
  );
  const table = new RateTable(new BigUint64Array(words), new Gcra(rate));
  return { passed, nowMs: new Int32Array(clock)[0]! * STEP_MS, table };
}

Deno.test("RateTable lets exactly burst + rate x time through, over four threads", async () => {
  const rate: Rate = { requests: 250, perMs: 1000, burst: 1000 };

  const { passed, nowMs, table } = await hammer(rate, 1);

  let total = passed[0]!;
  // The clock moves only when somebody was refused: no bucket is ever full, and none of it is lost.
  while (total < 1e6 && table.take({ low: 7, high: 1 << 8 }, nowMs) <= 0) total++;
  assertGreater(nowMs, 1000);
  assertEquals(total, rate.burst + Math.floor(nowMs * rate.requests / rate.perMs));
});

Deno.test("RateTable lets no key over its limit while threads fight for its place", async () => {
  const rate: Rate = { requests: 10, perMs: 1000, burst: 20 };

  const { passed, nowMs } = await hammer(rate, 24);

  for (const count of passed) {
    assertLessOrEqual(count, rate.burst + nowMs * rate.requests / rate.perMs);
    assertGreater(count, 0);
  }
});
