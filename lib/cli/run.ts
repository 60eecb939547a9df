import { loadConfig, systemEnvironment } from "../config/load.ts";
import type { Config } from "../config/types.ts";
import { isLogLevel, type LogLevel } from "../core/log.ts";
import { findConfigFile, loadOrExplain } from "./config_file.ts";
import { demo } from "./demo.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { type FlagValue, type FlagValues, UsageError } from "./flags.ts";
import type { Command } from "./help.ts";
import { printError } from "./output.ts";
import { serve } from "./serve.ts";

export const RUN: Command = {
  name: "run",
  summary: "Balance; the default command.",
  flags: [
    { name: "config", short: "c", value: "FILE", help: "The configuration to run." },
    { name: "demo", help: "Balance over three backends of its own, and show what happens." },
    { name: "watch", help: "Read the configuration again when its files change." },
    { name: "workers", value: "N", help: "Data plane threads, 1 to 256." },
    {
      name: "log-level",
      value: "LEVEL",
      choices: ["debug", "info", "warning", "warn", "error"],
      help: "Least severe level that is logged: debug, info, warning or error.",
    },
    {
      name: "log-format",
      value: "FORMAT",
      choices: ["text", "json"],
      help: "How log lines look: text or json.",
    },
  ],
};

/** `weir run`, and `weir` without a command. */
export async function run(flags: FlagValues): Promise<ExitCode> {
  const override = overrides(flags);
  if (flags["demo"] === true) {
    if (flags["config"] !== undefined) throw new UsageError("--demo takes no --config");
    return await demo(override);
  }
  const path = await findConfigFile(flags["config"] as string | undefined);
  if (path === undefined) return EXIT.config;
  const loaded = await loadOrExplain(path);
  if (loaded === undefined) return EXIT.config;
  for (const warning of loaded.warnings) printError(`warning: ${warning}`);
  const load = async () => {
    const result = await loadConfig(path, systemEnvironment());
    return result.ok ? { ...result, config: override(result.config) } : result;
  };
  const { files, folders } = loaded;
  const sources = { files, folders };
  return await serve({ config: override(loaded.config), load, override, sources });
}

/** What flags say goes before what the file says. */
function overrides(flags: FlagValues): (config: Config) => Config {
  const workers = flags["workers"];
  if (workers !== undefined && !isWorkerCount(String(workers))) {
    throw new UsageError(`--workers must be 1 to 256: current value is "${workers}"`);
  }
  return (config) => ({
    ...config,
    ...(flags["watch"] === true ? { watch: true } : {}),
    workers: workers === undefined ? config.workers : Number(workers),
    log: {
      ...config.log,
      level: logLevel(flags["log-level"]) ?? config.log.level,
      // The flag accepts these values and no others.
      format: (flags["log-format"] ?? config.log.format) as "text" | "json",
    },
  });
}

function logLevel(flag: FlagValue): LogLevel | undefined {
  const name = flag === "warn" ? "warning" : flag;
  return isLogLevel(name) ? name : undefined;
}

function isWorkerCount(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 256;
}
