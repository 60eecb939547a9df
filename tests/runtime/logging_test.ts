import { assertEquals, assertMatch } from "@std/assert";
import type { LogConfig } from "../../lib/config/types.ts";
import { inCategory } from "../../lib/core/log.ts";
import { openLog, type OperationalLog } from "../../lib/runtime/logging.ts";
import { TempFolder } from "../support/paths.ts";

/** What the log writes while `use` has it. */
async function written(
  config: Omit<LogConfig, "file">,
  use: (log: OperationalLog) => void,
): Promise<string[]> {
  await using folder = await TempFolder.create();
  const file = await folder.write("weir.log", "");
  {
    using log = openLog({ ...config, file });
    use(log);
  }
  return (await Deno.readTextFile(file)).split("\n").slice(0, -1);
}

const RECORD = { level: "info", message: "Backend is up", fields: { upstream: "app" } } as const;

Deno.test("a record in JSON names its category, process unless it has one", async () => {
  const lines = await written({ level: "info", format: "json" }, (log) => {
    inCategory(log, "health").write(RECORD);
    log.write(RECORD);
  });

  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const common = { level: "info", msg: "Backend is up", upstream: "app" };
  assertEquals(records.map(({ time: _time, ...rest }) => rest), [
    { ...common, category: "health" },
    { ...common, category: "process" },
  ]);
});

Deno.test("a record in text is the same with and without a category", async () => {
  const lines = await written({ level: "info", format: "text" }, (log) => {
    inCategory(log, "health").write(RECORD);
    log.write(RECORD);
  });

  assertEquals(lines.length, 2);
  for (const line of lines) assertMatch(line, /^\S+Z info Backend is up upstream=app$/);
});

Deno.test("the log goes by the levels of categories, which setLevel() changes only when told", async () => {
  const config = { level: "warning", levels: { health: "info" }, format: "json" } as const;
  const lines = await written(config, (log) => {
    const both = (message: string) => {
      log.write({ ...RECORD, category: "health", message: `health ${message}` });
      log.write({ ...RECORD, category: "config", message: `config ${message}` });
    };
    both("1");
    log.setLevel("error");
    both("2");
    log.setLevel("info", { health: "warning" });
    both("3");
    assertEquals([log.enabled("info", "health"), log.enabled("info", "tls")], [false, true]);
  });

  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  assertEquals(messages, ["health 1", "health 2", "config 3"]);
});
