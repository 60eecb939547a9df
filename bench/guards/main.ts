/**
 * Measures what looking after backends costs: CPU time of the whole process per request, without any
 * of it, with the defaults, and with everything, in turn, so that ratios hold on a machine whose
 * speed drifts.
 *
 *     deno task bench:guards
 */
import { parseArgs } from "@std/cli/parse-args";
import { startBackends } from "../peers/backends.ts";
import { describeMachine } from "../peers/machine.ts";
import { CLOSE_FLAGS, measureWarm, warmUp } from "../peers/measure.ts";
import { note, printLine } from "../peers/output.ts";
import type { Contestant } from "../peers/row.ts";
import { type Mode, type Running, type Setting, startSubject } from "../peers/subjects.ts";
import { openWorkplace, requireTools } from "../peers/workplace.ts";
import { type Measured, renderTable } from "./table.ts";
import { createVariants } from "./variants.ts";

const USAGE = `What health checks, ejection, breakers and limits cost, in CPU per request.

deno task bench:guards [flags]

  --rounds N        times each variant is measured per row, in turn (default 60)
  --seconds S       length of one measurement (default 1)
  --weir COMMAND    measure this command, say a compiled binary, in place of main.ts`;

/** One kind of load. */
interface Work {
  readonly title: string;
  readonly mode: Mode;
  readonly flags: readonly string[];
}

const WORKS: readonly Work[] = [
  { title: "HTTP keep-alive", mode: "http", flags: [] },
  { title: "TCP, a connection per request", mode: "tcp", flags: CLOSE_FLAGS },
];

/** What the command line asks for. */
interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly weir: readonly string[] | undefined;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    printLine(USAGE);
    return args.includes("--help") ? 0 : 2;
  }
  await requireTools();
  await using workplace = await openWorkplace();
  const backends = await startBackends(workplace);
  const rows: Measured[] = [];
  for (const work of WORKS) {
    const setting = { ...workplace, backends, threads: 1, mode: work.mode };
    rows.push(await measure(work, setting, options));
  }
  printLine(`${Object.values(await describeMachine(options.weir)).join(" · ")}\n`);
  printLine(renderTable(rows));
  return 0;
}

function readOptions(args: readonly string[]): Options | undefined {
  let isKnown = true;
  const flags = parseArgs([...args], {
    string: ["rounds", "seconds", "weir"],
    default: { rounds: "60", seconds: "1" },
    unknown: () => isKnown = false,
  });
  const [rounds, seconds] = [Number(flags["rounds"]), Number(flags["seconds"])];
  const weir = typeof flags["weir"] === "string" ? flags["weir"].trim().split(/\s+/) : undefined;
  return isKnown && rounds >= 1 && seconds >= 1 ? { rounds, seconds, weir } : undefined;
}

async function measure(work: Work, setting: Setting, options: Options): Promise<Measured> {
  const contestants = createContestants(setting, options);
  for (const contestant of contestants) await warmUp(contestant, work);
  const cpuUs = new Map<string, number[]>(contestants.map(({ subject }) => [subject.id, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (let place = 0; place < contestants.length; place++) {
      // Each is the first of a round as often as the others.
      const contestant = contestants[(place + round) % contestants.length]!;
      const { values, failures } = await measureWarm(contestant, work);
      if (failures.length > 0) throw new Error(`Cannot measure: ${failures.join(", ")}`);
      const { subject: { id } } = contestant;
      const cpu = values["cpu"] ?? NaN;
      note(`${work.title}, round ${round + 1} of ${options.rounds}, ${id}: ${cpu.toFixed(2)} µs`);
      cpuUs.get(id)?.push(cpu);
    }
  }
  for (const { running } of contestants) await (await running()).process.stop();
  return { title: work.title, cpuUs };
}

function createContestants(setting: Setting, { weir, seconds }: Options): Contestant[] {
  return createVariants(weir).map((subject) => {
    let warm: Promise<Running> | undefined;
    const running = () => warm ??= startSubject(subject, setting);
    return { subject, setting, seconds, running };
  });
}
