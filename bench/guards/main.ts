/**
 * Measures what looking after backends costs: CPU time of the whole process per request, without any
 * of it, with the defaults, and with everything, in turn, so that ratios hold on a machine whose
 * speed drifts.
 *
 *     deno task bench:guards
 */
import { startBackends } from "../peers/backends.ts";
import { describeMachine } from "../peers/machine.ts";
import { CLOSE_FLAGS } from "../peers/measure.ts";
import { printLine } from "../peers/output.ts";
import type { Mode } from "../peers/subjects.ts";
import { openWorkplace, requireTools } from "../peers/workplace.ts";
import { type Measured, renderTable } from "./table.ts";
import { measureInTurn, readTurns } from "./turns.ts";
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

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const options = readTurns(args, "weir");
  if (options === undefined) {
    printLine(USAGE);
    return args.includes("--help") ? 0 : 2;
  }
  await requireTools();
  await using workplace = await openWorkplace();
  const backends = await startBackends(workplace);
  const rows: Measured[] = [];
  for (const work of WORKS) {
    const { title, mode, flags } = work;
    const setting = { ...workplace, backends, threads: 1, mode };
    const turnWork = { title, subjects: createVariants(options.command), setting, load: { flags } };
    rows.push({ title, cpuUs: await measureInTurn(turnWork, options) });
  }
  printLine(`${Object.values(await describeMachine(options.command)).join(" · ")}\n`);
  printLine(renderTable(rows));
  return 0;
}
