import { fromFileUrl } from "./paths.ts";
import { ChildProcess, type Finished, runToEnd } from "./process.ts";

/** Folder of the project. */
export const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const MAIN = `${ROOT}main.ts`;

/** The flags with which the task `start` runs it, so that the tests run what people run. */
async function startFlags(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`)) as {
    tasks: { start: string };
  };
  const match = /^deno run (.*) main\.ts$/.exec(tasks.start);
  if (match === null) throw new Error(`Cannot use task "${tasks.start}": must run main.ts`);
  return match[1]!.split(" ");
}

/** How to run Weir. */
export interface WeirLaunch {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What goes before the words that start Deno, such as a shell that sets limits. */
  readonly prefix?: readonly string[];
  /** Flags of `deno run` instead of those of the task `start`. */
  readonly denoFlags?: readonly string[];
}

/** Starts Weir as the real process that it is. */
export async function startWeir(launch: WeirLaunch): Promise<ChildProcess> {
  const { args, env, cwd, prefix, denoFlags } = launch;
  const flags = denoFlags ?? await startFlags();
  return new ChildProcess({
    name: "weir",
    argv: [
      ...(prefix ?? []),
      Deno.execPath(),
      "run",
      ...flags,
      MAIN,
      ...args,
    ],
    cwd: cwd ?? ROOT,
    ...(env === undefined ? {} : { env }),
  });
}

/** Runs Weir to its end. */
export async function runWeir(launch: WeirLaunch): Promise<Finished> {
  await using weir = await startWeir(launch);
  return await weir.finished();
}

/** File descriptors that a process holds. */
export async function openFiles(pid: number): Promise<number> {
  // Deno opens nothing below /proc without --allow-all; --allow-run is the smaller permission.
  const { stdout } = await runToEnd({ name: "ls", argv: ["ls", `/proc/${pid}/fd`] });
  return stdout.trim().split("\n").length;
}

/** Resident memory of a process in KiB. */
export async function residentKib(pid: number): Promise<number> {
  const { stdout } = await runToEnd({ name: "cat", argv: ["cat", `/proc/${pid}/status`] });
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(stdout);
  if (match === null) throw new Error(`Cannot read the memory of process ${pid}: it is gone`);
  return Number(match[1]);
}
