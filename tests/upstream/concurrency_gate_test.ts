import { assertEquals } from "@std/assert";
import { LbError } from "../../lib/core/errors.ts";
import { LimitTable } from "../../lib/core/limit_table.ts";
import type { Limit, LimitSample } from "../../lib/limit/limit.ts";
import { ConcurrencyGate } from "../../lib/upstream/concurrency_gate.ts";
import { specOf, upstreamOf } from "../support/upstreams.ts";

/** One backend, and a limit that the test sets. */
function limited(worker = 0) {
  const table = LimitTable.create({ workers: 2, backends: 1, upstreams: 1, listeners: 0 });
  const samples: LimitSample[] = [];
  const limit = {
    current: 2.9,
    onSample: (sample: LimitSample) => void samples.push(sample),
  } satisfies Limit;
  let nowMs = 100;
  const gate = new ConcurrencyGate({ createLimit: () => limit, table, worker });
  const { upstream } = upstreamOf([specOf(0)], { gates: [gate], now: () => nowMs });
  return { table, samples, limit, upstream, pass: (ms: number) => nowMs += ms };
}

Deno.test("ConcurrencyGate gives a backend no more of the thread's work than the limit says", () => {
  const { upstream, table } = limited();
  using first = upstream.acquire(0);
  using _second = upstream.acquire(0);

  assertEquals([upstream.acquire(0), upstream.isFull()], [undefined, true]);
  assertEquals(table.windowOf(0), 2);
  first?.[Symbol.dispose]();
  assertEquals(upstream.acquire(0)?.backend.id, "b0");
});

Deno.test("ConcurrencyGate tells the limit of answers and failures, and nothing of what is ignored", () => {
  const { upstream, samples, limit, table, pass } = limited();
  const [good, bad] = [upstream.acquire(0)!, upstream.acquire(0)!];
  pass(5);
  good.answered(true);
  good.settle({ kind: "success" });
  good[Symbol.dispose]();
  pass(2);
  limit.current = 1.2;
  bad.settle({
    kind: "failure",
    error: new LbError("upstream_timeout", "late", { side: "upstream" }),
  });
  bad[Symbol.dispose]();
  const left = upstream.acquire(0)!;
  left.settle({ kind: "ignored" });
  left[Symbol.dispose]();

  assertEquals(samples, [
    { rttMs: 5, inFlight: 2, dropped: false, nowMs: 105 },
    { rttMs: 7, inFlight: 1, dropped: true, nowMs: 107 },
  ]);
  assertEquals(table.windowOf(0), 1);
});

Deno.test("ConcurrencyGate always lets one through: without work there is nothing to learn", () => {
  const { upstream, limit } = limited();
  limit.current = 0.3;

  assertEquals(upstream.acquire(0)?.backend.id, "b0");
});
