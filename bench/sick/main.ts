/**
 * What sick backends cost clients, over real sockets and processes: `deno task bench:sick` prints
 * what was measured as JSON, and with `--markdown` the tables of the README; `--sick` or `--limits` is
 * one half of it. Takes a minute and a quarter, because some rows take seconds; so several are measured at once, at rates that leave the
 * machine time.
 */
import { inParallel } from "../../tests/support/clients.ts";
import {
  type Degradation,
  FEWER_SLOTS,
  healthyP99,
  type LimitChoice,
  type LimitPlan,
  type LimitResult,
  runLimit,
  SLOWER_WORK,
} from "../../tests/support/limit_run.ts";
import { runKill } from "../../tests/support/kill_run.ts";
import { SICK_CASES } from "../../tests/support/sick_cases.ts";
import { runSick } from "../../tests/support/sick_run.ts";
import { note, printLine } from "../peers/output.ts";
import { type LimitLine, limitTable, type SickLine, sickTable } from "./table.ts";

/** Measured at the same time; each is some five processes that do little. */
const AT_ONCE = 4;
/** Limits move by a tenth at most, ten times a second. */
const PHASES = { wellMs: 2000, settleMs: 8000, measuredMs: 4000 };
/** A limit that is fixed has nothing to learn. */
const FIXED_PHASES = { wellMs: 500, settleMs: 2000, measuredMs: 4000 };
const FIXED: ReadonlyMap<Degradation, readonly number[]> = new Map([
  [FEWER_SLOTS, [8, 16, 200]],
  [SLOWER_WORK, [24]],
]);
const ALGORITHMS = ["aimd", "vegas", "gradient", "cubic"] as const;

async function measureSick(): Promise<SickLine[]> {
  const kills: SickLine[] = [];
  for (const method of ["GET", "POST"] as const) {
    note(`killed under load, ${method}`);
    kills.push({ ...await runKill(method), told: "defaults" });
  }
  const lines: SickLine[] = [];
  await inParallel(SICK_CASES.length, AT_ONCE, async (place) => {
    const plan = SICK_CASES[place]!;
    note(`${plan.title}: ${plan.told}`);
    lines[place] = { ...plan, ...await runSick(plan), by: plan.by };
  });
  return [...kills, ...lines];
}

/** One run of one limit. */
interface LimitJob {
  readonly name: string;
  readonly choice: LimitChoice;
  readonly plan: LimitPlan;
}

async function measureLimits(): Promise<ReadonlyMap<Degradation, LimitLine[]>> {
  note("limits of work at once");
  const healthyMs = await healthyP99(4000);
  const jobs = [...FIXED.keys()].flatMap((degradation) => jobsOf(degradation, healthyMs));
  const results: LimitResult[] = [];
  await inParallel(jobs.length, AT_ONCE, async (place) => {
    const { name, choice, plan } = jobs[place]!;
    note(`${plan.degradation.title}: ${name}`);
    results[place] = await runLimit(choice, plan);
  });
  const measured = jobs.map((job, place) => ({ ...job, result: results[place]! }));
  return Map.groupBy(
    measured.map((job) => toLine(job, measured)),
    ({ degradation }) => degradation,
  );
}

function jobsOf(degradation: Degradation, healthyMs: number): LimitJob[] {
  const plan = { degradation, healthyMs };
  return [
    ...FIXED.get(degradation)!.map((maxConnections) => ({
      name: `\`max_connections: ${maxConnections}\``,
      choice: { maxConnections },
      plan: { ...plan, ...FIXED_PHASES },
    })),
    ...ALGORITHMS.map((algorithm) => ({
      name: `\`${algorithm}\``,
      choice: { algorithm, timeoutMs: healthyMs },
      plan: { ...plan, ...PHASES },
    })),
  ];
}

type MeasuredJob = LimitJob & { readonly result: LimitResult };

function toLine({ name, plan, result }: MeasuredJob, all: readonly MeasuredJob[]) {
  const { degradation, healthyMs } = plan;
  const fixed = all.filter((other) =>
    other.plan.degradation === degradation && "maxConnections" in other.choice
  );
  const bestGoodput = Math.max(...fixed.map(({ result: { goodput } }) => goodput));
  return { degradation, limit: name, result, healthyMs, bestGoodput };
}

if (import.meta.main) {
  const startMs = performance.now();
  const sick = Deno.args.includes("--limits") ? [] : await measureSick();
  const limits = Deno.args.includes("--sick")
    ? new Map<Degradation, LimitLine[]>()
    : await measureLimits();
  if (Deno.args.includes("--markdown")) {
    if (sick.length > 0) printLine(sickTable(sick));
    for (const [{ title }, lines] of limits) printLine(`\n${limitTable(title, lines)}`);
  } else {
    printLine(JSON.stringify({ sick, limits: [...limits.values()].flat() }, null, 2));
  }
  note(`took ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
}
