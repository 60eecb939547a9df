import { assertEquals, assertMatch } from "@std/assert";
import { AccessLog } from "../../lib/access/access_log.ts";
import { LineBatch } from "../../lib/access/line_batch.ts";
import { connectionRecord, requestRecord, TIME_MS } from "../support/access_records.ts";

/** An access log whose lines are kept, and whose clocks and chance are set. */
class LogBench {
  readonly text: string[] = [];
  readonly log: AccessLog;
  readonly batch: LineBatch;
  chance = 0.5;
  nowMs = 0;
  wallMs = TIME_MS;

  constructor(sample: number) {
    const decoder = new TextDecoder();
    this.batch = new LineBatch((bytes) => {
      this.text.push(decoder.decode(bytes));
      return true;
    }, () => {});
    this.log = new AccessLog({ format: "json", sample }, {
      listener: "web",
      batch: this.batch,
      random: () => this.chance,
      now: () => this.nowMs,
      wallNow: () => this.wallMs,
    });
  }

  lines(): Record<string, unknown>[] {
    this.batch.flush();
    return this.text.splice(0).join("").trim().split("\n").filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  }
}

Deno.test("AccessLog writes the share that is asked for", () => {
  const bench = new LogBench(0.1);

  for (const chance of [0, 0.099, 0.1, 0.9]) {
    bench.chance = chance;
    bench.log.request(requestRecord());
    bench.log.connection(connectionRecord());
  }

  assertEquals(bench.lines().map(({ sample }) => sample), [0.1, 0.1, 0.1, 0.1]);
});

Deno.test("AccessLog writes every failure, whatever the share", () => {
  const bench = new LogBench(0);

  bench.log.request(requestRecord({ status: 499 }));
  bench.log.request(requestRecord({ status: 500 }));
  bench.log.request(requestRecord({ cut: "reset" }));
  for (const end of ["done", "client_error", "no_backend"]) {
    bench.log.connection(connectionRecord({ end }));
  }

  const lines = bench.lines();
  assertEquals(lines.map(({ status, cut, end }) => cut ?? end ?? status), [
    500,
    "reset",
    "no_backend",
  ]);
  assertEquals(lines.some((line) => "sample" in line), false);
});

Deno.test("AccessLog follows a clock that is set, within a second", () => {
  const bench = new LogBench(1);

  for (const [nowMs, wallMs] of [[0, TIME_MS], [999, TIME_MS], [1000, TIME_MS]] as const) {
    bench.nowMs = nowMs;
    bench.wallMs = wallMs;
    bench.log.request(requestRecord({ startMs: nowMs, totalMs: 0 }));
  }

  assertEquals(bench.lines().map(({ time }) => time), [
    "2026-11-21T09:00:00.123Z",
    "2026-11-21T09:00:01.122Z",
    "2026-11-21T09:00:00.123Z",
  ]);
});

Deno.test("LineBatch hands lines over when it is full, and says how many they are", () => {
  const pushes: [number, number][] = [];
  const batch = new LineBatch((bytes, lines) => {
    pushes.push([bytes.length, lines]);
    return true;
  }, () => {});
  const line = `${"x".repeat(999)}\n`;

  for (let i = 0; i < 200; i++) batch.add(line);
  batch.flush();
  batch.flush();

  assertEquals(pushes.reduce((sum, [, lines]) => sum + lines, 0), 200);
  assertEquals(pushes.every(([bytes, lines]) => bytes === 1000 * lines), true);
});

Deno.test("LineBatch asks to be called back once for what it holds", () => {
  const calls: (() => void)[] = [];
  const pushed: number[] = [];
  const batch = new LineBatch((_, lines) => pushed.push(lines) > 0, (run) => calls.push(run));

  batch.add("a\n");
  batch.add("b\n");
  for (const call of calls.splice(0)) call();
  batch.add("c\n");

  assertEquals(pushed, [2]);
  assertEquals(calls.length, 1);
});

Deno.test("LineBatch takes the longest line that a request can make", () => {
  const huge = "\x00".repeat(40_000);
  const bench = new LogBench(1);

  bench.log.request(
    requestRecord({
      target: huge,
      host: huge,
      requestId: huge,
      userAgent: huge,
      referer: huge,
    }),
  );

  assertMatch(String(bench.lines()[0]!["referer"]), /\.\.\.$/);
});
