/**
 * Runs Weir so that the whole process, not only its worker threads, may reach nothing but what its
 * configuration names: `deno task start:scoped [FLAGS OF weir run]`.
 *
 * The permissions are those of the configuration at the start. A new address needs a new start.
 */
import { V8_FLAGS } from "./v8_flags.ts";
import { findConfigFile, loadOrExplain } from "../lib/cli/config_file.ts";
import { EXIT } from "../lib/cli/exit_code.ts";
import type { Loaded } from "../lib/config/load.ts";
import { certificateFolders, networkList } from "../lib/config/permissions.ts";
import { SYSCTL_PATH } from "../lib/runtime/sysctl.ts";
import { printError } from "./print.ts";

const ROOT = new URL("../", import.meta.url);

/** What has to be given to the process by name. */
export type Scope = Pick<Loaded, "config" | "files">;

/** The configuration file that a command line names, in any form that `weir` takes. */
export function namedConfig(args: readonly string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    const match = /^(?:--?config|-c)(?:=(.*))?$/.exec(arg);
    if (match !== null) return match[1] ?? args[index + 1];
  }
  return undefined;
}

/**
 * The permission flags of the process.
 *
 * @param modules folder of the modules that the worker threads load
 * @throws {RangeError} when a path cannot be written in a flag
 */
export function permissionFlags({ config, files }: Scope, modules: string): string[] {
  const { listen, connect, admin, collector, unixPaths } = networkList(config);
  // Files that a pattern matched were found by listing their folder.
  const folders = files.slice(1).map((file) => file.replace(/[^/]*$/, "") || ".");
  const logs = [config.log.file, config.accessLog?.file].filter((file) => file !== undefined);
  // Their folders too: those are watched.
  const certificates = certificateFolders(config);
  // Threads end TLS on ports of loopback that are chosen at the start.
  const loopback = certificates.length > 0 ? ["127.0.0.1"] : [];
  return [
    "--no-prompt",
    // Any name can stand in the configuration as ${NAME}.
    "--allow-env",
    ...allow("net", [...listen, ...connect, ...admin, ...loopback, ...collector]),
    ...allow("read", [modules, ...files, ...folders, ...certificates, ...unixPaths]),
    ...allow("write", [...unixPaths, ...logs]),
    ...allow("run", config.congestionControl === undefined ? [] : [SYSCTL_PATH]),
  ];
}

/** An empty list is no flag at all: `--allow-write` without a list would allow everything. */
function allow(name: string, entries: readonly string[]): string[] {
  // The flag has no way to write a comma that is part of a path.
  const unusable = entries.find((entry) => entry.includes(","));
  if (unusable !== undefined) {
    throw new RangeError(`Cannot start scoped: path must not contain a comma: found "${unusable}"`);
  }
  return entries.length === 0 ? [] : [`--allow-${name}=${[...new Set(entries)].join(",")}`];
}

async function run(args: readonly string[]): Promise<number> {
  const child = new Deno.Command(await denoCommand(), {
    args: [...args],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  for (const signal of signals()) {
    Deno.addSignalListener(signal, () => forward(child, signal));
  }
  return (await child.status).code;
}

/** This very executable where that is permitted, else the `deno` of PATH, as with `--allow-run=deno`. */
async function denoCommand(): Promise<string> {
  const command = Deno.execPath();
  const { state } = await Deno.permissions.query({ name: "run", command });
  return state === "granted" ? command : "deno";
}

function signals(): Deno.Signal[] {
  return Deno.build.os === "windows" ? ["SIGINT"] : ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"];
}

function forward(child: Deno.ChildProcess, signal: Deno.Signal): void {
  // A terminal sends Ctrl-C to both processes, and a second one would end the drain.
  if (signal === "SIGINT" && Deno.stdin.isTerminal()) return;
  try {
    child.kill(signal);
  } catch (error) {
    // It has ended already: its exit code is on the way.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--demo")) {
    printError("Cannot start --demo scoped: its ports are known only once it runs");
    return EXIT.usage;
  }
  const named = namedConfig(args);
  const path = await findConfigFile(named);
  const loaded = path === undefined ? undefined : await loadOrExplain(path);
  if (path === undefined || loaded === undefined) return EXIT.config;
  const flags = tryPermissionFlags(loaded);
  if (flags === undefined) return EXIT.config;
  const config = named === undefined ? ["--config", path] : [];
  const main = ["--config", fromRoot("deno.json"), fromRoot("main.ts")];
  return await run(["run", V8_FLAGS, ...flags, ...main, ...args, ...config]);
}

function tryPermissionFlags(scope: Scope): string[] | undefined {
  try {
    return permissionFlags(scope, fromRoot("lib"));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    printError(error.message);
    return undefined;
  }
}

function fromRoot(path: string): string {
  const { pathname } = new URL(path, ROOT);
  return decodeURIComponent(Deno.build.os === "windows" ? pathname.slice(1) : pathname);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
