import { formatExpanded } from "../config/expand.ts";
import type { NotChanged } from "../admin/change_result.ts";
import type { Loaded } from "../config/load.ts";
import { type ChangePlan, planChange } from "../runtime/plan_change.ts";
import { ADMIN_FLAGS, AdminClient } from "./admin_client.ts";
import { findConfigFile, loadOrExplain } from "./config_file.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { type FlagValues, UsageError } from "./flags.ts";
import type { Command } from "./help.ts";
import { printError, printLine } from "./output.ts";
import { planText } from "./plan_text.ts";

export const PLAN: Command = {
  name: "plan",
  summary: "Say what a reload would change, and change nothing.",
  operands: "NEW.yaml",
  flags: [
    { name: "config", short: "c", value: "FILE", help: "Compare with this configuration." },
    ...ADMIN_FLAGS.filter(({ name }) => name !== "config"),
    {
      name: "format",
      value: "text|json",
      choices: ["text", "json"],
      help: "How the plan is printed.",
    },
  ],
  notes: [
    "With --admin it asks the running Weir, which goes by what is in force, and knows what is open.",
    "Exit codes: 0 the plan is printed, 1 one of both is wrong, 2 wrong usage, 69 not reached.",
  ],
};

/** `weir plan`. */
export async function plan(flags: FlagValues, words: readonly string[]): Promise<ExitCode> {
  const [path, extra] = words;
  if (path === undefined || extra !== undefined) {
    throw new UsageError("plan needs one file, like `weir plan new.yaml`");
  }
  const next = await loadOrExplain(path);
  if (next === undefined) return EXIT.config;
  const result = flags["admin"] === undefined
    ? await planOffline(next, flags)
    : await planLive(path, next, flags);
  if (result === undefined) return EXIT.config;
  if ("problems" in result) {
    printError(result.problems.join("\n"));
    return EXIT.refused;
  }
  const plan = { ...result, warnings: next.warnings };
  printLine(flags["format"] === "json" ? JSON.stringify(plan, undefined, 2) : planText(plan));
  return EXIT.ok;
}

async function planOffline(next: Loaded, flags: FlagValues): Promise<ChangePlan | undefined> {
  const path = await findConfigFile(flags["config"] as string | undefined);
  const loaded = path === undefined ? undefined : await loadOrExplain(path);
  return loaded && planChange(loaded.config, next.config);
}

async function planLive(
  path: string,
  next: Loaded,
  flags: FlagValues,
): Promise<ChangePlan | NotChanged> {
  const client = await AdminClient.fromFlags(flags);
  // In one piece, with the variables of this environment: Weir reads no file for it.
  // What is named relative to it is looked for where Weir runs.
  const name = await Deno.realPath(path);
  const body = { name, yaml: formatExpanded(next.expanded) };
  const answer = await client.send({ method: "POST", path: "/api/v1/plan", body });
  const isRefused = answer.status === 409 || answer.status === 422;
  // Both are of one version, or the answer is printed as far as it is understood.
  return (isRefused ? JSON.parse(answer.text) : client.read(answer)) as ChangePlan | NotChanged;
}
