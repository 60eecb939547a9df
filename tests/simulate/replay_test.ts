import { assertEquals } from "@std/assert";
import { hashText } from "../../lib/ds/hash.ts";
import { parseLogLine, ReplaySource, summarizeLog } from "../../lib/simulate/replay.ts";

const NO_LIMIT = { requests: Infinity, durationMs: Infinity };
const START = "2026-11-21T09:00:00.";

function line(ms: number, durationMs: number, more: Record<string, unknown> = {}): string {
  const time = `${START}${String(ms).padStart(3, "0")}Z`;
  return JSON.stringify({ time, duration_ms: durationMs, client: "10.0.0.1:5000", ...more });
}

function take(lines: Iterable<string>, limit = NO_LIMIT): [atMs: number, serviceMs: number][] {
  const source = new ReplaySource(lines, "client", limit);
  const taken: [number, number][] = [];
  while (source.atMs !== Infinity) {
    const { atMs } = source;
    source.take();
    taken.push([atMs, source.serviceMs]);
  }
  return taken;
}

Deno.test("parseLogLine() takes the time at the backend where it is known", () => {
  const text = line(250, 12, { upstream_ms: 9.5, status: 200, method: "GET", bytes: 7 });

  assertEquals(parseLogLine(text, "client"), {
    timeMs: Date.parse(`${START}250Z`),
    serviceMs: 9.5,
    key: hashText("10.0.0.1"),
  });
});

Deno.test("parseLogLine() makes one key of a client, whatever its port", () => {
  const key = (client: string) => parseLogLine(line(0, 1, { client }), "client")?.key;

  assertEquals(key("10.0.0.1"), key("10.0.0.1:80"));
  assertEquals(key("fd00::1"), hashText("fd00::1"));
  assertEquals(key("[fd00::1]:80"), key("fd00::1"));
  assertEquals(key("[fd00::1]"), key("fd00::1"));
});

Deno.test("parseLogLine() can go by path", () => {
  assertEquals(parseLogLine(line(0, 1, { path: "/a" }), "path")?.key, hashText("/a"));
  assertEquals(parseLogLine(line(0, 1), "path")?.key, hashText(""));
  assertEquals(parseLogLine(line(0, 1, { target: "/a?b=/c" }), "path")?.key, hashText("/a"));
});

for (
  const text of [
    "",
    "no json",
    "3",
    "null",
    "[]",
    "{}",
    '{"time":"2026-11-21T09:00:00Z"}',
    '{"time":"2026-11-21T09:00:00Z","duration_ms":"5"}',
    '{"time":"2026-11-21T09:00:00Z","duration_ms":-1}',
    '{"time":"yesterday","duration_ms":5}',
    '{"time":"2026-11-21","duration_ms":5}',
    '{"time":"2026-13-41T09:00:00Z","duration_ms":5}',
    '{"time":1763715600000,"duration_ms":5}',
  ]
) {
  Deno.test(`parseLogLine() has no use for ${text || "an empty line"}`, () => {
    assertEquals(parseLogLine(text, "client"), undefined);
  });
}

Deno.test("ReplaySource sorts by start, and counts time from the first request", () => {
  assertEquals(take([line(300, 1), line(100, 2), line(200, 3)]), [[0, 2], [100, 3], [200, 1]]);
});

Deno.test("ReplaySource understands offsets from UTC", () => {
  const later = '{"time":"2026-11-21T10:00:00.400+01:00","duration_ms":4}';

  assertEquals(take([line(100, 2), later]), [[0, 2], [300, 4]]);
});

Deno.test("ReplaySource counts lines that are no request and remembers the first", () => {
  const lines = [line(0, 1), "", "oops", line(5, 2), "{}", line(9, 3)];

  assertEquals(summarizeLog(new ReplaySource(lines, "client", NO_LIMIT)), {
    unusable: 2,
    firstUnusableLine: 3,
    late: 0,
    requests: 3,
    durationMs: 9,
    meanServiceMs: 2,
  });
});

Deno.test("ReplaySource takes a request that is far out of order to arrive later", () => {
  function* lines() {
    for (let count = 0; count < 70_000; count++) yield line(500, 1);
    yield line(100, 7);
  }

  const summary = summarizeLog(new ReplaySource(lines(), "client", NO_LIMIT));

  assertEquals([summary.requests, summary.late, summary.durationMs], [70_001, 1, 0]);
});

Deno.test("ReplaySource stops at its limits and then closes the log", () => {
  let closed = 0;
  function* lines() {
    try {
      for (let ms = 0; ms < 10; ms++) yield line(ms, 1);
    } finally {
      closed++;
    }
  }

  assertEquals(take(lines(), { requests: 3, durationMs: Infinity }).length, 3);
  assertEquals(take(lines(), { requests: Infinity, durationMs: 5 }).length, 5);
  assertEquals(closed, 2);
});

Deno.test("ReplaySource has nothing to say about an empty log", () => {
  assertEquals(take([]), []);
});
