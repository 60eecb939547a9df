import type { UpstreamConfig } from "../config/types.ts";
import { messageOf } from "../core/errors.ts";
import { nearest } from "../core/suggest.ts";
import type { Plan } from "../simulate/plan.ts";
import type { LogSummary } from "../simulate/replay.ts";
import { jsonReport, sharesReport, tableReport } from "../simulate/report.ts";
import { type AlgorithmResult, runAlgorithm } from "../simulate/result.ts";
import { svgReport } from "../simulate/svg.ts";
import { loadOrExplain } from "./config_file.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { textFlag } from "./flag_readers.ts";
import { type FlagValues, UsageError } from "./flags.ts";
import type { Command } from "./help.ts";
import { printError, printLine } from "./output.ts";
import { SIMULATE_FLAGS, SIMULATE_NOTES } from "./simulate_flags.ts";
import { readPlan } from "./simulate_plan.ts";

export const SIMULATE: Command = {
  name: "simulate",
  summary: "Compare algorithms under a synthetic or recorded load, in virtual time.",
  flags: SIMULATE_FLAGS,
  notes: SIMULATE_NOTES,
};

/** `weir simulate`. */
export async function simulate(flags: FlagValues): Promise<ExitCode> {
  const path = textFlag(flags, "config");
  const loaded = path === undefined ? undefined : await loadOrExplain(path);
  if (path !== undefined && loaded === undefined) return EXIT.config;
  for (const warning of loaded?.warnings ?? []) printError(`warning: ${warning}`);
  const upstream = loaded && chooseUpstream(loaded.config.upstreams, textFlag(flags, "upstream"));
  const plan = readPlan(flags, upstream, loaded?.config.zone);
  if (plan.load.kind === "replay") warnOfLog(plan.load.file, plan.load.summary);
  const results = runAll(plan);
  // First what cannot fail: a picture that cannot be written is no reason to run it all again.
  printResults(flags, plan, results);
  const svgPath = textFlag(flags, "svg");
  if (svgPath !== undefined) await writePicture(svgPath, svgReport(plan, results));
  return EXIT.ok;
}

function chooseUpstream(
  upstreams: readonly UpstreamConfig[],
  name: string | undefined,
): UpstreamConfig {
  const names = upstreams.map((upstream) => upstream.name);
  if (name === undefined) {
    const [only, ...others] = upstreams;
    if (only !== undefined && others.length === 0) return usable(only);
    throw new UsageError(`--upstream must be one of ${names.join(", ")}: it is not given`);
  }
  const found = upstreams.find((upstream) => upstream.name === name);
  if (found !== undefined) return usable(found);
  const near = nearest(name, names);
  const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
  const wanted = `one of ${names.join(", ")}${hint}`;
  throw new UsageError(`--upstream must be ${wanted}: current value is "${name}"`);
}

function usable(upstream: UpstreamConfig): UpstreamConfig {
  if (upstream.backends.some(({ weight }) => weight > 0)) return upstream;
  throw new UsageError(`upstream "${upstream.name}" must have a backend with a weight above 0`);
}

function warnOfLog(file: string, { unusable, firstUnusableLine, late }: LogSummary): void {
  if (unusable > 0) {
    const first = `the first is line ${firstUnusableLine}`;
    printError(`warning: ${file}: unusable lines: ${unusable}, ${first}`);
  }
  if (late > 0) {
    printError(`warning: ${file}: requests far out of order, taken to arrive later: ${late}`);
  }
}

function runAll(plan: Plan): AlgorithmResult[] {
  const isTerminal = Deno.stderr.isTerminal();
  return plan.algorithms.map((algorithm, index) => {
    // A run may take a minute, in which nothing else would be seen.
    if (isTerminal) printError(`${index + 1} of ${plan.algorithms.length}: ${algorithm}`);
    return runAlgorithm(plan, algorithm);
  });
}

async function writePicture(path: string, picture: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, picture);
  } catch (error) {
    throw new UsageError(`cannot write "${path}": ${messageOf(error)}`);
  }
}

function printResults(flags: FlagValues, plan: Plan, results: readonly AlgorithmResult[]): void {
  if (flags["format"] === "json") return printLine(jsonReport(plan, results));
  for (const line of tableReport(plan, results)) printLine(line);
  if (flags["shares"] !== true) return;
  printLine("");
  for (const line of sharesReport(plan, results)) printLine(line);
}
