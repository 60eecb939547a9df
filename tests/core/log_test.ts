import { assertEquals } from "@std/assert";
import {
  inCategory,
  LevelTable,
  type LogCategory,
  type LogLevel,
  type LogRecord,
  LogThrottle,
} from "../../lib/core/log.ts";
import { MemoryLog } from "../support/memory_log.ts";

Deno.test("LogThrottle.admit() lets one through per period and counts what it held back", () => {
  const throttle = new LogThrottle(1000);

  const admitted = [0, 1, 999, 1000, 1500, 5000, 6000].map((nowMs) => throttle.admit(nowMs));

  assertEquals(admitted, [0, undefined, undefined, 2, undefined, 1, 0]);
});

Deno.test("LevelTable.passes() lets a level through its own threshold and lower ones", () => {
  assertEquals(new LevelTable("info").passes("warning"), true);
  assertEquals(new LevelTable("info").passes("info"), true);
  assertEquals(new LevelTable("info").passes("debug"), false);
  assertEquals(new LevelTable("error").passes("error"), true);
  assertEquals(new LevelTable("error").passes("warning"), false);
});

Deno.test("LevelTable.passes() goes by the category's own level, above or below the general one", () => {
  const levels = new LevelTable("info", { health: "debug", admin: "warning" });

  assertEquals(levels.passes("debug", "health"), true);
  assertEquals(levels.passes("info", "admin"), false);
  assertEquals(levels.passes("info", "tls"), true);
  assertEquals(levels.passes("debug", "tls"), false);
});

Deno.test("LevelTable.passes() counts what names no category as of the process", () => {
  const levels = new LevelTable("info", { process: "error" });

  assertEquals(levels.passes("warning"), false);
  assertEquals(levels.passes("warning", "proxy"), true);
});

Deno.test("LevelTable.set() keeps the levels of categories unless it gets others", () => {
  const levels = new LevelTable("info", { health: "debug" });

  levels.set("error");
  assertEquals([levels.passes("debug", "health"), levels.passes("warning", "tls")], [true, false]);

  levels.set("error", { tls: "warning" });
  assertEquals([levels.passes("debug", "health"), levels.passes("warning", "tls")], [false, true]);

  levels.set("warning", {});
  assertEquals([levels.passes("warning", "health"), levels.passes("info", "tls")], [true, false]);
});

Deno.test("inCategory() fills in the category where a record names none", () => {
  const all = new MemoryLog();
  const log = inCategory(all, "proxy");

  log.write({ level: "info", message: "a", fields: {} });
  log.write({ level: "info", category: "tls", message: "b", fields: {} });

  assertEquals(all.records.map(({ category }) => category), ["proxy", "tls"]);
});

Deno.test("inCategory() asks for the category whether a record is wanted", () => {
  const levels = new LevelTable("error", { tls: "debug" });
  const written: string[] = [];
  const log = {
    enabled: (level: LogLevel, category?: LogCategory) => levels.passes(level, category),
    write: ({ message }: LogRecord) => written.push(message),
  };
  const tls = inCategory(log, "tls");
  const proxy = inCategory(log, "proxy");

  tls.write({ level: "info", message: "tls", fields: {} });
  proxy.write({ level: "info", message: "proxy", fields: {} });

  assertEquals(written, ["tls"]);
  assertEquals([tls.enabled("debug"), proxy.enabled("debug")], [true, false]);
  assertEquals(proxy.enabled("debug", "tls"), true);
});
