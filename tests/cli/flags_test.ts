import { assertEquals, assertThrows } from "@std/assert";
import { type Flag, parseArguments, parseFlags, UsageError } from "../../lib/cli/flags.ts";

const FLAGS: readonly Flag[] = [
  { name: "config", value: "FILE", short: "c", help: "Configuration file." },
  { name: "log-level", value: "LEVEL", choices: ["debug", "info"], help: "Level." },
  { name: "demo", help: "Demo." },
  { name: "fault", value: "FAULT", repeatable: true, help: "Fault." },
];

/** What was given, without what was not. */
function given(...args: string[]): Record<string, unknown> {
  const values = Object.entries(parseFlags(args, FLAGS));
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

const READ: readonly [args: string[], values: Record<string, unknown>][] = [
  [[], {}],
  [["--config", "a.yaml"], { config: "a.yaml" }],
  [["--config=a.yaml"], { config: "a.yaml" }],
  [["-config", "a.yaml"], { config: "a.yaml" }],
  [["-config=a.yaml"], { config: "a.yaml" }],
  [["-c", "a.yaml"], { config: "a.yaml" }],
  [["--config", "a=b.yaml"], { config: "a=b.yaml" }],
  [["--config=-"], { config: "-" }],
  [["--config", "007"], { config: "007" }],
  [["--config", "-1"], { config: "-1" }],
  [["--config", "-.5", "--demo"], { config: "-.5", demo: true }],
  [["--demo"], { demo: true }],
  [["-demo"], { demo: true }],
  [["-h"], { help: true }],
  [["-help"], { help: true }],
  [["--log-level", "debug", "--demo"], { "log-level": "debug", demo: true }],
  [["-log-level=info"], { "log-level": "info" }],
  [["--fault", "a"], { fault: ["a"] }],
  [["--fault", "a", "--demo", "-fault=b"], { demo: true, fault: ["a", "b"] }],
];

for (const [args, values] of READ) {
  Deno.test(`parseFlags() reads "${args.join(" ")}"`, () => {
    assertEquals(given(...args), values);
  });
}

const WRONG: readonly [args: string[], message: string][] = [
  [["--confg", "a"], 'unknown flag "--confg": did you mean "--config"?'],
  [["--quite-unlike-all"], 'unknown flag "--quite-unlike-all"'],
  [["-x"], 'unknown flag "-x"'],
  [["--config"], "--config needs a value: --config FILE"],
  [["--config="], "--config needs a value: --config FILE"],
  [["-c"], "--config needs a value: --config FILE"],
  [["-config"], "--config needs a value: --config FILE"],
  [["--demo=no"], '--demo takes no value: current value is "--demo=no"'],
  [["-demo=false"], '--demo takes no value: current value is "-demo=false"'],
  [["--help=yes"], '--help takes no value: current value is "--help=yes"'],
  [["--verison"], 'unknown flag "--verison": did you mean "--version"?'],
  [["--config", "--demo"], "--config needs a value: --config FILE"],
  [["--config", "a", "--config", "b"], "--config must be given once"],
  [["--config", "a", "-c", "b"], "--config must be given once"],
  [["-config=a", "--config=b"], "--config must be given once"],
  [["--config", "a", "--", "extra"], 'unexpected argument "extra"'],
  [["--log-level", "loud"], '--log-level must be one of debug, info: current value is "loud"'],
  [["--fault", "a", "--fault="], "--fault needs a value: --fault FAULT"],
  [["extra"], 'unexpected argument "extra"'],
  [["--demo", "extra"], 'unexpected argument "extra"'],
];

for (const [args, message] of WRONG) {
  Deno.test(`parseFlags() refuses "${args.join(" ")}"`, () => {
    assertThrows(() => parseFlags(args, FLAGS), UsageError, message);
  });
}

Deno.test("parseFlags() names no flag that the word is not close to", () => {
  const error = assertThrows(() => parseFlags(["--zzz"], FLAGS), UsageError);

  assertEquals(error.message, 'unknown flag "--zzz"');
});

Deno.test("parseArguments() keeps other words as they are written, in order", () => {
  const flags = [{ name: "admin", value: "URL", help: "" }];
  const { flags: values, words } = parseArguments(["weight", "--admin", "x", "1e3", "007"], flags);

  assertEquals([values["admin"], words], ["x", ["weight", "1e3", "007"]]);
});
