/**
 * Builds the single binary: `deno task compile [--target TARGET]... [--all] [--output FILE]`.
 *
 * Without a target it builds for this machine. The result is in `dist/`, with its checksums.
 */
import { SYSCTL_PATH } from "../lib/runtime/sysctl.ts";
import { APP_ENTRY, APP_FOLDER, bundle, BundleError } from "./bundle.ts";
import { V8_FLAGS } from "./v8_flags.ts";
import { parseArgs } from "@std/cli/parse-args";
import { print, printError } from "./print.ts";

/** What `deno compile` can build for. It knows no musl. */
export const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/** One binary to build. */
export interface Build {
  readonly target: string;
  /** Path from the project's root. */
  readonly output: string;
}

const ROOT = new URL("../", import.meta.url);
const USAGE = "Usage: deno task compile [--target TARGET]... [--all] [--output FILE]";

/**
 * The binaries that a command line asks for.
 *
 * @throws {SyntaxError} when the command line is wrong.
 */
export function planBuilds(args: readonly string[], host: string): Build[] {
  const flags = parseArgs(args.filter((arg) => arg !== "--"), {
    string: ["target", "output"],
    boolean: ["all"],
    collect: ["target"],
    unknown: (arg) => {
      throw new SyntaxError(`Cannot use argument "${arg}": ${USAGE}`);
    },
  });
  const named = (Array.isArray(flags["target"]) ? flags["target"] : []).map(String);
  const wrong = named.find((target) => !TARGETS.includes(target));
  if (wrong !== undefined) {
    throw new SyntaxError(`Cannot compile for "${wrong}": target must be ${TARGETS.join(", ")}`);
  }
  const targets = flags["all"] === true ? TARGETS : named;
  const output = flags["output"];
  if (typeof output === "string") {
    if (targets.length > 1) throw new SyntaxError(`Cannot use --output for several targets`);
    return [{ target: targets[0] ?? host, output }];
  }
  if (targets.length === 0) return [{ target: host, output: `dist/weir${extension(host)}` }];
  return targets.map((target) => ({ target, output: `dist/weir-${target}${extension(target)}` }));
}

/**
 * What the program may do, and no more: where it listens and connects, and which files it reads and
 * writes, stands in a configuration that is not there yet.
 */
export const PERMISSIONS: readonly string[] = [
  // Without it the binary would ask on the terminal for what it was not given.
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  `--allow-run=${SYSCTL_PATH}`,
  // Otherwise code could be loaded from a handful of public hosts.
  "--deny-import",
];

/** The arguments of `deno` for one build, run in the folder of the bundle. */
export function compileArgs({ target, output }: Build, root: string): string[] {
  return [
    "compile",
    "--no-lock",
    V8_FLAGS,
    ...PERMISSIONS,
    // The cache would be a file of a known name in a temporary directory that others can write to.
    "--no-code-cache",
    // All of the folder: no import names what a thread begins with.
    "--include=.",
    "--exclude=deno.json",
    `--target=${target}`,
    `--output=${output.startsWith("/") ? output : `${root}${output}`}`,
    APP_ENTRY,
  ];
}

/** Tells an operator why `deno compile` failed, from what it wrote to standard error. */
export function explainFailure(target: string, stderr: string): string {
  const archive = /\bDownload\s+(https:\S+\/denort-\S+\.zip)/.exec(stderr)?.[1];
  if (archive === undefined || !stderr.includes("base binary")) {
    return `Cannot compile for ${target}:\n${stderr.replace(/\n+Stack backtrace:[^]*/, "").trim()}`;
  }
  return [
    `Cannot compile for ${target}: the base runtime denort could not be downloaded from`,
    `  ${archive}`,
    "Fetch and unpack that file where there is a network, then name the denort inside it:",
    `  DENORT_BIN=/path/to/denort deno task compile --target ${target}`,
  ].join("\n");
}

async function compile(build: Build): Promise<boolean> {
  print(`Compiling ${build.output}`);
  const command = new Deno.Command(Deno.execPath(), {
    args: compileArgs(build, decodeURIComponent(ROOT.pathname)),
    cwd: new URL(`${APP_FOLDER}/`, ROOT),
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
    stdin: "null",
    stdout: "inherit",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  const text = new TextDecoder().decode(stderr);
  if (success) print(text.trimEnd());
  else printError(explainFailure(build.target, text));
  return success;
}

/** Writes `SHA256SUMS` beside the binaries, in the form that `sha256sum --check` reads. */
async function writeChecksums(builds: readonly Build[]): Promise<void> {
  let sums = "";
  for (const { output } of builds) {
    const digest = await crypto.subtle.digest(
      "SHA-256",
      await Deno.readFile(new URL(output, ROOT)),
    );
    sums += `${new Uint8Array(digest).toHex()}  ${output.split("/").at(-1)}\n`;
  }
  const folder = new URL(".", new URL(builds[0]?.output ?? "dist/", ROOT));
  await Deno.writeTextFile(new URL("SHA256SUMS", folder), sums);
}

function extension(target: string): string {
  return target.includes("windows") ? ".exe" : "";
}

function plan(): Build[] | undefined {
  try {
    return planBuilds(Deno.args, Deno.build.target);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    printError(error.message);
    return undefined;
  }
}

async function main(): Promise<number> {
  const builds = plan();
  if (builds === undefined) return 2;
  if (builds.length > 1 && Deno.env.has("DENORT_BIN")) {
    printError("Cannot compile for several targets: DENORT_BIN names the base runtime of one");
    return 2;
  }
  try {
    await bundle();
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    printError(error.message);
    return 1;
  }
  for (const build of builds) if (!await compile(build)) return 1;
  await writeChecksums(builds);
  return 0;
}

if (import.meta.main) Deno.exit(await main());
