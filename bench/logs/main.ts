/**
 * Measures what the access log costs: CPU time of the whole process per request, without and with it,
 * in turn, so that ratios hold on a machine whose speed drifts. With `--before`, another Weir is
 * measured beside them, such as one from before the metrics.
 *
 *     deno task bench:logs
 */
import { renderTable } from "../guards/table.ts";
import { measureInTurn, readTurns } from "../guards/turns.ts";
import { startBackends } from "../peers/backends.ts";
import { describeMachine } from "../peers/machine.ts";
import { printLine } from "../peers/output.ts";
import { type Plan, weirConfig } from "../peers/plan.ts";
import { type Setting, type Subject, weirFromSource } from "../peers/subjects.ts";
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

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const options = readTurns(args, "before");
  if (options === undefined) {
    printLine(USAGE);
    return args.includes("--help") ? 0 : 2;
  }
  await requireTools();
  await using workplace = await openWorkplace();
  const backends = await startBackends(workplace);
  const variants = variantsOf(options.command);
  const setting: Setting = { ...workplace, backends, threads: 1, mode: "http" };
  const title = "HTTP keep-alive";
  const subjects = Object.entries(variants).map(([id, variant]) => subjectOf(id, variant));
  const cpuUs = await measureInTurn({ title, subjects, setting, load: {} }, options);
  printLine(`${Object.values(await describeMachine(undefined)).join(" · ")}\n`);
  const [base = ""] = Object.keys(variants);
  printLine(renderTable([{ title, cpuUs }], variants, base));
  return 0;
}

/** The first is what the others are compared with. */
function variantsOf(before: readonly string[] | undefined): Record<string, Variant> {
  const command = weirFromSource();
  return {
    ...(before === undefined ? {} : { before: { title: "before", command: before } }),
    off: { title: "no access log", command },
    json: { title: "JSON", settings: "format: json", command },
    combined: { title: "Combined", settings: "format: combined", command },
    sampled: { title: "JSON, 1 %", settings: "format: json, sample: 0.01", command },
  };
}

function subjectOf(id: string, { title, settings, command }: Variant): Subject {
  const configure = (plan: Plan) => {
    const file = `${plan.directory}/access-${id}.log`;
    const log = settings === undefined ? "" : `access_log: { ${settings}, file: "${file}" }\n`;
    return log + weirConfig(plan, "http");
  };
  return {
    id,
    title,
    missing: () => Promise.resolve(undefined),
    configure: { tcp: configure, http: configure },
    argv: ({ config }: Plan) => [...command, "--config", config],
  };
}
