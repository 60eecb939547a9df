/**
 * Measures what the access log costs: CPU time of the whole process per request, without and with it,
 * in turn, so that ratios hold on a machine whose speed drifts. With `--before`, another Weir is
 * measured beside them, such as one from before the metrics.
 *
 *     deno task bench:logs
 */
import { parseArgs } from "@std/cli/parse-args";
import { renderTable } from "../guards/table.ts";
import { startBackends } from "../peers/backends.ts";
import { describeMachine } from "../peers/machine.ts";
import { measureWarm, warmUp } from "../peers/measure.ts";
import { note, printLine } from "../peers/output.ts";
import { type Plan, weirConfig } from "../peers/plan.ts";
import type { Contestant } from "../peers/row.ts";
import { type Running, type Setting, startSubject, weirFromSource } from "../peers/subjects.ts";
import { openWorkplace, requireTools } from "../peers/workplace.ts";

const USAGE = `What the access log costs, in CPU per request.

deno task bench:logs [flags]

  --rounds N         times each variant is measured, in turn (default 60)
  --seconds S        length of one measurement (default 1)
  --before COMMAND   measure this Weir too, without an access log, and compare with it`;

/** One Weir. */
interface Variant {
  readonly title: string;
  /** Settings of the access log. */
  readonly settings?: string;
  readonly command: readonly string[];
}

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly before: readonly string[] | undefined;
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
  const variants = variantsOf(options);
  const setting: Setting = { ...workplace, backends, threads: 1, mode: "http" };
  const cpuUs = await measure(variants, setting, options);
  printLine(`${Object.values(await describeMachine(undefined)).join(" · ")}\n`);
  const [base = ""] = Object.keys(variants);
  printLine(renderTable([{ title: "HTTP keep-alive", cpuUs }], variants, base));
  return 0;
}

function readOptions(args: readonly string[]): Options | undefined {
  let isKnown = true;
  const flags = parseArgs([...args], {
    string: ["rounds", "seconds", "before"],
    default: { rounds: "60", seconds: "1" },
    unknown: () => isKnown = false,
  });
  const [rounds, seconds] = [Number(flags["rounds"]), Number(flags["seconds"])];
  const before = typeof flags["before"] === "string" ? flags["before"].split(/\s+/) : undefined;
  return isKnown && rounds >= 1 && seconds >= 1 ? { rounds, seconds, before } : undefined;
}

/** The first is what the others are compared with. */
function variantsOf({ before }: Options): Record<string, Variant> {
  const command = weirFromSource();
  return {
    ...(before === undefined ? {} : { before: { title: "before", command: before } }),
    off: { title: "no access log", command },
    json: { title: "JSON", settings: "format: json", command },
    combined: { title: "Combined", settings: "format: combined", command },
    sampled: { title: "JSON, 1 %", settings: "format: json, sample: 0.01", command },
  };
}

async function measure(
  variants: Readonly<Record<string, Variant>>,
  setting: Setting,
  { rounds, seconds }: Options,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const cpuUs = new Map<string, number[]>();
  const contestants = Object.entries(variants)
    .map(([id, variant]) => contestantOf(id, variant, setting, seconds));
  for (const contestant of contestants) await warmUp(contestant, {});
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < contestants.length; place++) {
      // Each is the first of a round as often as the others.
      const contestant = contestants[(place + round) % contestants.length]!;
      const { values, failures } = await measureWarm(contestant, {});
      if (failures.length > 0) throw new Error(`Cannot measure: ${failures.join(", ")}`);
      const { subject: { id } } = contestant;
      const cpu = values["cpu"] ?? NaN;
      note(`round ${round + 1} of ${rounds}, ${id}: ${cpu.toFixed(2)} µs`);
      cpuUs.set(id, [...cpuUs.get(id) ?? [], cpu]);
    }
  }
  for (const { running } of contestants) await (await running()).process.stop();
  return cpuUs;
}

function contestantOf(id: string, variant: Variant, setting: Setting, seconds: number): Contestant {
  const { title, settings, command } = variant;
  const configure = (plan: Plan) => {
    const file = `${plan.directory}/access-${id}.log`;
    const log = settings === undefined ? "" : `access_log: { ${settings}, file: "${file}" }\n`;
    return log + weirConfig(plan, "http");
  };
  const subject = {
    id,
    title,
    missing: () => Promise.resolve(undefined),
    configure: { tcp: configure, http: configure },
    argv: ({ config }: Plan) => [...command, "--config", config],
  };
  let warm: Promise<Running> | undefined;
  const running = () => warm ??= startSubject(subject, setting);
  return { subject, setting, seconds, running };
}
