import type { Workplace } from "./backends.ts";
import { ProcessSet } from "./processes.ts";
import { versionOf } from "./subjects.ts";

/** Processes and files of one run, gone at its end or at Ctrl-C. */
export async function openWorkplace(): Promise<Workplace & AsyncDisposable> {
  const processes = new ProcessSet();
  const directory = await Deno.makeTempDir({ prefix: "weir-bench-" });
  let closing: Promise<void> | undefined;
  // Ctrl-C makes the measurement fail, whose end closes too: both wait for the one closing.
  const close = () =>
    closing ??= processes.stopAll().then(() => Deno.remove(directory, { recursive: true }));
  const interrupt = () => void close().finally(() => Deno.exit(130));
  for (const name of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(name, interrupt);
  return { processes, directory, [Symbol.asyncDispose]: close };
}

/** @throws {Error} when what every measurement needs is not installed */
export async function requireTools(): Promise<void> {
  // NGINX is also the backend of every row.
  for (const tool of ["wrk", "nginx"]) {
    if (await versionOf(tool) === undefined) {
      throw new Error(`Cannot measure: ${tool} must be installed: not found`);
    }
  }
}
