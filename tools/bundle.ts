/**
 * Puts the program into few files with only the code that is used: `deno task bundle`, and the first
 * step of `deno task compile`. The result in `dist/app/` runs like `main.ts` itself.
 */
import { print, printError } from "./print.ts";

/** Where the bundle is, from the project's root. */
export const APP_FOLDER = "dist/app";
/** What is run. */
export const APP_ENTRY = "main.js";
/** The source of each thread's module, which no import names. */
export const WORKER_SOURCE = "lib/runtime/worker.ts";

const ROOT = new URL("../", import.meta.url);
const MODULE_SUFFIX = ".ts";

/** The bundle could not be made; the message says why. */
export class BundleError extends Error {
  override readonly name = "BundleError";
}

/** What code asks for beside itself, and where it lies. */
export interface Reference {
  /** As it is written, from the file that asks. */
  readonly path: string;
  /** From the project's root. */
  readonly source: string;
}

/** The files that a source file names as `new URL("./…", import.meta.url)`. */
export function findReferences(path: string, text: string): Reference[] {
  const found = text.matchAll(/new URL\(\s*"\.\/([^"]+)",\s*import\.meta\.url/g);
  return [...found].map(([, name = ""]) => {
    const { pathname } = new URL(name, `file:///${path}`);
    return { path: name, source: pathname.slice(1) };
  });
}

/** The arguments of `deno` that make the bundle. */
export function bundleArgs(folder: string): string[] {
  return [
    "bundle",
    "--frozen",
    // Without comments and long names a process at rest takes 10 MiB less.
    "--minify",
    // So that a thread loads its part only, and what is seldom needed is loaded when it is.
    "--code-splitting",
    "--outdir",
    folder,
    "main.ts",
    WORKER_SOURCE,
  ];
}

/**
 * Makes the bundle in `folder`, which is emptied before.
 *
 * @param folder from the project's root, or absolute
 * @throws {BundleError}
 */
export async function bundle(folder = APP_FOLDER): Promise<void> {
  const target = new URL(`${folder}/`, ROOT);
  await removeAll(target);
  const command = new Deno.Command(Deno.execPath(), {
    args: bundleArgs(folder),
    cwd: ROOT,
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  if (!success) throw new BundleError(`Cannot bundle:\n${new TextDecoder().decode(stderr).trim()}`);
  for (const reference of await allReferences()) await provide(reference, target);
  await Deno.writeTextFile(new URL("deno.json", target), await appSettings());
}

/** Lays a thread's module where the bundled code looks for it: beside the bundle. */
async function provide({ path, source }: Reference, target: URL): Promise<void> {
  if (source !== WORKER_SOURCE) {
    throw new BundleError(
      `Cannot bundle: code may ask for ${WORKER_SOURCE} beside itself: also asks for ${source}`,
    );
  }
  const bundled = `./${source.slice(0, -MODULE_SUFFIX.length)}.js`;
  await Deno.writeTextFile(new URL(path, target), `import "${bundled}";\n`);
}

/** All that is asked for anywhere in `lib`. */
export async function allReferences(): Promise<Reference[]> {
  const found: Reference[] = [];
  for await (const path of sources("lib")) {
    found.push(...findReferences(path, await Deno.readTextFile(new URL(path, ROOT))));
  }
  return found;
}

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (path.endsWith(MODULE_SUFFIX)) yield path;
  }
}

/** What of `deno.json` the program needs when it runs. */
async function appSettings(): Promise<string> {
  const { version, unstable, nodeModulesDir } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const settings = { version, unstable, nodeModulesDir };
  return `${JSON.stringify(settings, undefined, 2)}\n`;
}

async function removeAll(folder: URL): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

if (import.meta.main) {
  try {
    await bundle();
    print(`Bundled ${APP_FOLDER}/${APP_ENTRY}`);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    printError(error.message);
    Deno.exit(1);
  }
}
