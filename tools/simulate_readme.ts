/**
 * Runs the simulations that the README shows, and writes their tables between `<!-- simulation -->`
 * and `<!-- /simulation -->`, and the picture of one to `docs/simulation.svg`. To be run
 * again when an algorithm is added or changed: `deno task simulate:readme`.
 */
import { parseFlags } from "../lib/cli/flags.ts";
import { SIMULATE_FLAGS } from "../lib/cli/simulate_flags.ts";
import { readPlan } from "../lib/cli/simulate_plan.ts";
import { tableReport } from "../lib/simulate/report.ts";
import { type AlgorithmResult, runAlgorithm } from "../lib/simulate/result.ts";
import { svgReport } from "../lib/simulate/svg.ts";
import type { Plan } from "../lib/simulate/plan.ts";

const START = "<!-- simulation -->";
const END = "<!-- /simulation -->";
const PICTURE = "docs/simulation.svg";

const BY_KEY = "consistent_hash,maglev,rendezvous";
const HOT_KEYS = ["--scenario", "hot-keys", "--concurrency", "10", "--algorithm", BY_KEY];

/** What follows `weir simulate` in each. */
const RUNS: readonly (readonly string[])[] = [
  [],
  ["--scenario", "fail-fast"],
  ["--scenario", "slow-backend"],
  [...HOT_KEYS, "--bounded-load", "1.25"],
  HOT_KEYS,
];
/** Place of the one that the picture shows. */
const PICTURED = 2;

/** One simulation, and what came of it. */
export interface Shown {
  readonly args: readonly string[];
  readonly plan: Plan;
  readonly results: readonly AlgorithmResult[];
}

/** Runs what follows `weir simulate`. */
export function simulate(args: readonly string[]): Shown {
  const plan = readPlan(parseFlags(args, SIMULATE_FLAGS), undefined);
  return { args, plan, results: plan.algorithms.map((name) => runAlgorithm(plan, name)) };
}

/** `readme` with fresh tables between its markers; as it was when it has none. */
export function withSimulation(readme: string, shown: readonly Shown[]): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END, start);
  if (start < 0 || end < 0) return readme;
  const tables = shown.flatMap(({ args, plan, results }) => {
    const command = ["$ weir simulate", ...args].join(" ");
    return ["```console", command, ...tableReport(plan, results), "```", ""];
  });
  const alt = "p99 latency, imbalance and the course of p99 for each algorithm with a slow backend";
  const picture = `![${alt}](${PICTURE})`;
  return [readme.slice(0, start + START.length), "", ...tables, picture, "", readme.slice(end)]
    .join("\n");
}

if (import.meta.main) {
  const shown = RUNS.map(simulate);
  const url = new URL("../README.md", import.meta.url);
  await Deno.writeTextFile(url, withSimulation(await Deno.readTextFile(url), shown));
  const pictured = shown[PICTURED];
  if (pictured === undefined) throw new Error("Cannot draw a picture: nothing was simulated");
  const picture = new URL(`../${PICTURE}`, import.meta.url);
  await Deno.writeTextFile(picture, svgReport(pictured.plan, pictured.results));
}
