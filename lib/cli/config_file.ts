import { formatProblems, loadConfig, type Loaded, systemEnvironment } from "../config/load.ts";
import { printError } from "./output.ts";

/** Where a configuration is looked for when none is named. */
const DEFAULT_FILES = ["config/weir.yaml", "config.yaml"] as const;

/** The file to load: the one named, else the first default that exists. */
export async function findConfigFile(named: string | undefined): Promise<string | undefined> {
  const path = named ?? await existingConfigFile();
  if (path !== undefined) return path;
  printError(
    `weir: no configuration: neither ${DEFAULT_FILES.join(" nor ")} exists here\n` +
      `Write one with the sections "listeners" and "upstreams", name one with --config FILE,\n` +
      `or run \`weir --demo\` to see Weir at work without one`,
  );
  return undefined;
}

/** The first default that exists. */
export async function existingConfigFile(): Promise<string | undefined> {
  for (const path of DEFAULT_FILES) {
    if (await exists(path)) return path;
  }
  return undefined;
}

/** Loads a configuration, or prints everything that is wrong with it. */
export async function loadOrExplain(path: string): Promise<Loaded | undefined> {
  const result = await loadConfig(path, systemEnvironment());
  if (result.ok) return result;
  printError(formatProblems(result.problems).join("\n"));
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // It is there but cannot be looked at: loading it will say why.
    return true;
  }
}
