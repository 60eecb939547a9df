import { assertEquals, assertGreater, assertLess } from "@std/assert";
import type { LogRecord } from "../../lib/core/log.ts";
import { RingQueue } from "../../lib/ds/ring_queue.ts";
import { RingLogger, RingReader } from "../../lib/runtime/log_ring.ts";
import { keepTurning } from "../support/keep_turning.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { eventually, within } from "../support/wait.ts";

const RECORD: LogRecord = {
  level: "info",
  message: "Backend is up",
  fields: { backend: 'ä "quoted"\n', ms: 1.5, ok: true },
};

Deno.test("RingReader hands on what RingLogger wrote", () => {
  const ring = RingQueue.create(4096);
  const log = new MemoryLog();
  const logger = new RingLogger(ring, "debug");

  logger.write(RECORD);
  logger.write({ ...RECORD, level: "error" });
  new RingReader(ring, log).flush();

  assertEquals(log.records, [RECORD, { ...RECORD, level: "error" }]);
});

Deno.test("RingLogger.write() leaves out what is below its level", () => {
  const ring = RingQueue.create(4096);
  const log = new MemoryLog();
  const logger = new RingLogger(ring, "warning");

  for (const level of ["debug", "info", "warning", "error"] as const) {
    assertEquals(logger.enabled(level), level === "warning" || level === "error");
    logger.write({ ...RECORD, level });
  }
  new RingReader(ring, log).flush();

  assertEquals(log.records.map(({ level }) => level), ["warning", "error"]);
});

Deno.test("RingLogger goes by the levels of categories, which a general level leaves alone", () => {
  const ring = RingQueue.create(4096);
  const log = new MemoryLog();
  const logger = new RingLogger(ring, "warning", { tls: "debug" });
  const tls: LogRecord = { ...RECORD, category: "tls" };

  logger.write(tls);
  logger.write({ ...RECORD, category: "proxy" });
  logger.setLevel("error");
  logger.write(tls);
  logger.setLevel("error", {});
  logger.write(tls);
  new RingReader(ring, log).flush();

  assertEquals(log.records, [tls, tls]);
  assertEquals(logger.enabled("debug", "tls"), false);
});

Deno.test("RingReader.flush() tells how many records were dropped, once", () => {
  const ring = RingQueue.create(256);
  const log = new MemoryLog();
  const logger = new RingLogger(ring, "info");
  const reader = new RingReader(ring, log);

  for (let i = 0; i < 10; i++) logger.write(RECORD);
  reader.flush();
  reader.flush();

  const kept = log.records.filter(({ message }) => message === RECORD.message).length;
  const told = log.records.filter(({ level }) => level === "warning");
  assertGreater(kept, 0);
  assertEquals(told.map(({ fields }) => fields), [{ dropped: 10 - kept }]);

  for (let i = 0; i < kept + 1; i++) logger.write(RECORD);
  reader.flush();
  assertEquals(log.records.at(-1)?.fields, { dropped: 1 });
  assertEquals(reader.dropped, 10 - kept + 1);
});

Deno.test("RingReader.run() hands on records as they come, until disposed", async () => {
  using _turning = keepTurning();
  const ring = RingQueue.create(4096);
  const log = new MemoryLog();
  const logger = new RingLogger(ring, "debug");
  const reader = new RingReader(ring, log);
  const running = reader.run();

  for (let count = 1; count <= 3; count++) {
    logger.write(RECORD);
    await eventually("the record", () => assertEquals(log.records.length, count));
  }
  reader[Symbol.dispose]();

  // Sooner than its wait ends by itself.
  await within("the reader's end", running, 2000);
});

Deno.test("RingReader goes on after a record that is not one", () => {
  const ring = RingQueue.create(4096);
  const log = new MemoryLog();
  const logger = new RingLogger(ring, "info");
  const encode = (text: string) => new TextEncoder().encode(text);

  logger.write(RECORD);
  for (
    const bad of [
      "{",
      "null",
      '{"level":"info","category":"x","message":"x","fields":{}}',
      '{"level":"loud","message":"x","fields":{}}',
      '{"level":"info"}',
    ]
  ) {
    ring.push(encode(bad));
  }
  logger.write(RECORD);
  new RingReader(ring, log).flush();

  assertEquals(log.records.slice(0, 2), [RECORD, RECORD]);
  assertEquals(log.records.at(-1)?.fields, { dropped: 5 });
});

Deno.test("RingReader.run() leaves timers their turn while there is always more", async () => {
  const total = 5000;
  const ring = RingQueue.create(4096);
  const log = new MemoryLog();
  const logger = new RingLogger(ring, "info");
  // For each record that is handed on there is a new one.
  using reader = new RingReader(ring, {
    enabled: () => true,
    write: (record) => {
      log.write(record);
      if (log.records.length < total) logger.write(RECORD);
    },
  });
  logger.write(RECORD);
  const timer = Promise.withResolvers<number>();
  setTimeout(() => timer.resolve(log.records.length), 0);

  const running = reader.run();

  assertLess(await timer.promise, total);
  using _turning = keepTurning();
  await eventually("the others", () => assertEquals(log.records.length, total));
  reader[Symbol.dispose]();
  await within("the reader's end", running);
});
