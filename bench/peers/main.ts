/**
 * Measures Weir beside HAProxy and NGINX: the same backends, the same load, in turn, so that
 * ratios hold on a machine whose speed drifts.
 *
 *     deno task bench:peers --rows keepalive,bulk --markdown
 */
import { startBackends, type Workplace } from "./backends.ts";
import { describeMachine } from "./machine.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { note, printLine } from "./output.ts";
import { type Contestant, contestantOf, type Row, type Sample } from "./row.ts";
import { ROWS } from "./rows.ts";
import { createSubjects, type Mode, type Setting, type Subject } from "./subjects.ts";
import { openWorkplace, requireTools } from "./workplace.ts";
import { renderMarkdown, renderText, type Report, type ReportLine, summarize } from "./table.ts";

/** One run of the program. */
interface Run {
  readonly options: Options;
  readonly subjects: readonly Subject[];
  readonly missing: readonly string[];
  readonly failures: string[];
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const choices = {
    rows: ROWS.map(({ id }) => id),
    subjects: createSubjects().map(({ id }) => id),
  };
  try {
    const options = parseOptions(args, choices);
    if (options.help) printLine(USAGE);
    return options.help ? 0 : await compare(options);
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
    return error instanceof RangeError ? 2 : 1;
  }
}

async function compare(options: Options): Promise<number> {
  await requireTools();
  const run = { options, ...await chooseSubjects(options), failures: [] };
  await using workplace = await openWorkplace();
  const report: Report = {
    machine: await describeMachine(options.weir),
    subjects: run.subjects.map(({ id, title }) => ({ id, title })),
    missing: run.missing,
    lines: await measureRows(run, workplace),
    failures: run.failures,
  };
  await publish(report, options);
  return report.failures.length === 0 ? 0 : 1;
}

async function chooseSubjects(options: Options): Promise<Pick<Run, "subjects" | "missing">> {
  const subjects: Subject[] = [];
  const missing: string[] = [];
  const modes = new Set(chosenRows(options).map(({ mode }) => mode));
  for (const subject of createSubjects(options.weir)) {
    if (options.subjects?.includes(subject.id) === false) continue;
    const reason = await subject.missing(modes);
    if (reason === undefined) subjects.push(subject);
    else missing.push(`${subject.id}: ${reason}, column left out`);
  }
  missing.forEach(note);
  return { subjects, missing };
}

function chosenRows({ rows }: Options): readonly Row[] {
  return ROWS.filter(({ id }) => rows?.includes(id) !== false);
}

async function measureRows(run: Run, workplace: Workplace): Promise<ReportLine[]> {
  const backends = await startBackends(workplace);
  const threads = run.options.workers;
  const contestants = {
    tcp: createContestants(run, { ...workplace, backends, threads, mode: "tcp" }),
    http: createContestants(run, { ...workplace, backends, threads, mode: "http" }),
    https: createContestants(run, { ...workplace, backends, threads, mode: "https" }),
    sni: createContestants(run, { ...workplace, backends, threads, mode: "sni" }),
    reencrypt: createContestants(run, { ...workplace, backends, threads, mode: "reencrypt" }),
  } satisfies Record<Mode, unknown>;
  const lines: ReportLine[] = [];
  for (const row of chosenRows(run.options)) {
    lines.push(...await measureRow(row, { run, contestants: contestants[row.mode] }));
  }
  return lines;
}

function createContestants({ subjects, options }: Run, setting: Setting): Contestant[] {
  return subjects.map((subject) => contestantOf(subject, setting, options.seconds));
}

async function measureRow(
  row: Row,
  { run, contestants }: { run: Run; contestants: readonly Contestant[] },
): Promise<ReportLine[]> {
  const rounds = Math.max(run.options.rounds, row.minRounds ?? 1);
  const found = new Map<Subject, Sample[]>(run.subjects.map((subject) => [subject, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of contestants) {
      const sample = await attempt(row, contestant);
      const place = `${row.id}, round ${round} of ${rounds}, ${contestant.subject.id}`;
      note(`${place}: ${renderSample(sample)}`);
      run.failures.push(...sample.failures.map((failure) => `${place}: ${failure}`));
      found.get(contestant.subject)?.push(sample);
    }
  }
  return row.figures.map((figure) => {
    const samples = Object.fromEntries([...found].map(([subject, list]) => {
      return [subject.id, list.map(({ values }) => values[figure.id] ?? NaN)];
    }));
    return summarize({ row: row.id, figure, samples });
  });
}

/** One subject that breaks leaves a hole in the table; the others go on. */
async function attempt(row: Row, contestant: Contestant): Promise<Sample> {
  try {
    return await row.measure(contestant);
  } catch (error) {
    // After Ctrl-C nothing is left to measure.
    if (contestant.setting.processes.closed) throw error;
    return { values: {}, failures: [error instanceof Error ? error.message : String(error)] };
  }
}

function renderSample({ values, failures }: Sample): string {
  const numbers = Object.entries(values).map(([id, value]) => `${id} ${value.toFixed(1)}`);
  return [...numbers, ...failures].join(", ");
}

async function publish(report: Report, options: Options): Promise<void> {
  const json = `${JSON.stringify(report, undefined, 2)}\n`;
  if (options.json !== undefined && options.json !== "-") {
    await Deno.writeTextFile(options.json, json);
  }
  if (options.json === "-") printLine(json.trimEnd());
  else printLine(options.markdown ? renderMarkdown(report) : renderText(report));
  report.failures.forEach((failure) => note(`FAILED ${failure}`));
}
