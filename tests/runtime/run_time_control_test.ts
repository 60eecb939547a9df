import { assertEquals } from "@std/assert";
import type { LogConfig } from "../../lib/config/types.ts";
import type { CategoryLevels, LogLevel } from "../../lib/core/log.ts";
import type { PlacedConfig } from "../../lib/runtime/layout.ts";
import type { ToWorker } from "../../lib/runtime/messages.ts";
import { RunTimeControl } from "../../lib/runtime/run_time_control.ts";
import { configOf } from "../support/configs.ts";
import { MemoryLog } from "../support/memory_log.ts";

/** A log that notes what its level is set to. */
class LevelLog extends MemoryLog {
  readonly set: (readonly [level: LogLevel, levels: CategoryLevels | undefined])[] = [];

  setLevel(level: LogLevel, levels?: CategoryLevels): void {
    this.set.push([level, levels]);
  }
}

class ControlBench {
  readonly log = new LevelLog();
  readonly posted: ToWorker[] = [];
  readonly control = new RunTimeControl({
    config: () => withLog({}),
    logLevel: "info",
    log: this.log,
    post: (message) => this.posted.push(message),
    emit: () => {},
    setChecked: () => {},
  });
}

function withLog(log: Partial<LogConfig>): PlacedConfig {
  return { ...configOf([], []), log: { level: "info", format: "text", ...log } };
}

Deno.test("RunTimeControl.setLogLevel() changes the general level and no category's", () => {
  const b = new ControlBench();

  b.control.setLogLevel("error");

  assertEquals(b.log.set, [["error", undefined]]);
  assertEquals(b.posted, [{ type: "log_level", level: "error" }]);
});

Deno.test("RunTimeControl.take() follows the levels of categories, and keeps an operator's level", () => {
  const b = new ControlBench();
  b.control.setLogLevel("error");

  b.control.take(withLog({ levels: { tls: "debug" } }));
  b.control.take(withLog({}));
  b.control.take(withLog({ level: "warning", levels: { admin: "info" } }));

  assertEquals(b.log.set.slice(1), [
    ["error", { tls: "debug" }],
    ["error", {}],
    ["warning", { admin: "info" }],
  ]);
});

Deno.test("RunTimeControl.under() has threads told of the levels of the configuration", () => {
  const b = new ControlBench();
  b.control.setLogLevel("error");

  assertEquals(b.control.under(withLog({ levels: { tls: "debug" } })), {
    overrides: [],
    logLevel: "error",
    logLevels: { tls: "debug" },
  });
  assertEquals(b.control.under(withLog({})), { overrides: [], logLevel: "error" });
});
