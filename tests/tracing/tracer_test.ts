import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { parseTraceparent } from "../../lib/tracing/trace_context.ts";
import { parseTraceLines, traceLine } from "../../lib/tracing/trace_line.ts";
import type { TraceRecord } from "../../lib/tracing/trace_record.ts";
import { Tracer } from "../../lib/tracing/tracer.ts";

const SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNSAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
const END = { method: "GET", status: 200, attributes: { "url.path": "/é\n", none: undefined } };

/** A tracer whose clocks and chance are set. */
class TracerBench {
  readonly records: TraceRecord[] = [];
  readonly tracer: Tracer;
  chance = 0.5;
  nowMs = 0;

  constructor(sample: number, maxPerSecond = 100) {
    let draws = 0;
    this.tracer = new Tracer({ sample, maxPerSecond }, {
      emit: (record) => this.records.push(record),
      // Ids differ although the chance is set.
      random: () => (this.chance + ++draws * 1e-6) % 1,
      now: () => this.nowMs,
      wallNow: () => 1_000_000 + this.nowMs,
    });
  }
}

Deno.test("Tracer.begin() leaves what a caller decided against as it is", () => {
  const b = new TracerBench(1);

  assertEquals(b.tracer.begin([UNSAMPLED], 0), undefined);
});

Deno.test("Tracer.begin() goes on with a trace that the caller records", () => {
  const b = new TracerBench(0);

  const trace = b.tracer.begin([SAMPLED], 0);
  const sent = parseTraceparent(trace!.tries("b0"));
  trace!.end(END);

  const [record] = b.records;
  assertEquals(record?.traceId, "0af7651916cd43dd8448eb211c80319c");
  assertEquals(record?.parentId, "b7ad6b7169203331");
  assertEquals(sent, {
    traceId: record!.traceId,
    spanId: record!.attempts[0]!.spanId,
    sampled: true,
  });
  assertEquals(trace?.isNew, false);
});

Deno.test("Tracer.begin() draws where the caller said nothing, or nothing valid", () => {
  for (const parents of [[], ["nonsense"], [SAMPLED, SAMPLED]]) {
    const b = new TracerBench(0.5);
    b.chance = 0.4;
    const drawn = b.tracer.begin(parents, 0)!;
    b.chance = 0.6;
    const other = b.tracer.begin(parents, 0)!;

    assertEquals(parseTraceparent(drawn.tries("b0"))?.sampled, true);
    assertEquals(parseTraceparent(other.tries("b0"))?.sampled, false);
    for (const trace of [drawn, other]) trace.end(END);
    assertEquals(b.records.length, 1);
    assert(drawn.isNew);
  }
});

Deno.test("Tracer.begin() records no more in a second than it may, whoever asks", () => {
  const b = new TracerBench(1, 3);
  const asked = (startMs: number) => {
    return [SAMPLED, SAMPLED, undefined, undefined, SAMPLED]
      .map((parent) => b.tracer.begin(parent === undefined ? [] : [parent], startMs))
      .map((trace) => trace && parseTraceparent(trace.tries("b0"))!.sampled);
  };

  assertEquals(asked(0), [true, true, true, false, undefined]);
  assertEquals(asked(999), [undefined, undefined, false, false, undefined]);
  assertEquals(asked(1000), [true, true, true, false, undefined]);
});

Deno.test("Trace tells of each attempt, in the time of the wall", () => {
  const b = new TracerBench(1);
  const trace = b.tracer.begin([], 0)!;

  b.nowMs = 10;
  const first = trace.tries("b0");
  trace.connected(5);
  b.nowMs = 20;
  trace.failed("reset");
  b.nowMs = 30;
  const second = trace.tries("b1");
  trace.answering(200);
  b.nowMs = 40;
  trace.end(END);

  const [record] = b.records;
  assertNotEquals(first, second);
  assertEquals([record?.startMs, record?.endMs], [1_000_000, 1_000_040]);
  assertEquals(record?.attempts.map(({ spanId: _, ...attempt }) => attempt), [
    { startMs: 1_000_010, endMs: 1_000_020, backend: "b0", connectMs: 5, fault: "reset" },
    { startMs: 1_000_030, endMs: 1_000_040, backend: "b1", connectMs: 0, status: 200 },
  ]);
  assertEquals(record?.attributes, { "url.path": "/é\n" });
});

Deno.test("parseTraceLines() reads what traceLine() writes, and nothing that is no trace", () => {
  const b = new TracerBench(1);
  const trace = b.tracer.begin([], 0)!;
  trace.tries("b0");
  trace.end(END);
  const line = traceLine(b.records[0]!);

  assert(/^[ -~]+\n$/.test(line));
  const broken = [
    "{",
    "null",
    "{}",
    line.replace('"attempts":[', '"attempts":[7,'),
    line.replace(/"traceId":"../, '"traceId":"zz'),
    line.replace(/"startMs":\d+/, '"startMs":null'),
  ].map((text) => `${text.trim()}\n`).join("");
  assertEquals(parseTraceLines(broken + line + broken), [b.records[0]!]);
});
