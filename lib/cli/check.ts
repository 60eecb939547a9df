import { formatExpanded } from "../config/expand.ts";
import { formatProblems, loadConfig, type Loaded, systemEnvironment } from "../config/load.ts";
import { certificateFolders, networkList } from "../config/permissions.ts";
import { formatAddress } from "../core/address.ts";
import { findConfigFile } from "./config_file.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import type { FlagValues } from "./flags.ts";
import type { Command } from "./help.ts";
import { printError, printLine, printText } from "./output.ts";

export const CHECK: Command = {
  name: "check",
  summary: "Check a configuration and change nothing.",
  flags: [
    { name: "config", short: "c", value: "FILE", help: "The configuration to check." },
    {
      name: "format",
      value: "text|json",
      choices: ["text", "json"],
      help: "How problems are printed.",
    },
    { name: "expand", help: "Print the configuration in full form, includes and all." },
    { name: "permissions", help: "Print the addresses that the data plane may reach." },
  ],
};

/** `weir check`. */
export async function check(flags: FlagValues): Promise<ExitCode> {
  const path = await findConfigFile(flags["config"] as string | undefined);
  if (path === undefined) return EXIT.config;
  const result = await loadConfig(path, systemEnvironment());
  if (flags["format"] === "json") {
    const { ok } = result;
    printLine(JSON.stringify(ok ? { ok, warnings: result.warnings } : result, undefined, 2));
    return ok ? EXIT.ok : EXIT.config;
  }
  if (!result.ok) {
    printError(formatProblems(result.problems).join("\n"));
    return EXIT.config;
  }
  for (const warning of result.warnings) printError(`warning: ${warning}`);
  if (flags["expand"]) printText(formatExpanded(result.expanded));
  if (flags["permissions"]) printPermissions(result);
  if (!flags["expand"] && !flags["permissions"]) printLine(`${path}: ok${describe(result)}`);
  return EXIT.ok;
}

function describe({ config }: Loaded): string {
  const backends = config.upstreams.reduce((sum, upstream) => sum + upstream.backends.length, 0);
  return ` (${count(config.listeners.length, "listener")}, ` +
    `${count(config.upstreams.length, "upstream")}, ${count(backends, "backend")})`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function printPermissions({ config }: Loaded): void {
  const { listen, connect, unixPaths, collector } = networkList(config);
  printLine("Data plane threads may open these sockets and no others:");
  for (const address of listen) printLine(`  listen   ${address}`);
  for (const address of connect) printLine(`  connect  ${address}`);
  printLine("");
  printLine("The same for the whole process:");
  const admin = config.admin === undefined ? [] : [formatAddress(config.admin.address)];
  const certificates = certificateFolders(config);
  // Threads end TLS on ports of loopback that are chosen at the start.
  const loopback = certificates.length > 0 ? ["127.0.0.1"] : [];
  const net = [...new Set([...listen, ...connect, ...admin, ...loopback, ...collector])];
  printLine(`  --allow-net=${net.join(",")}`);
  const read = [...unixPaths, ...certificates];
  if (read.length > 0) printLine(`  --allow-read=${read.join(",")}`);
  if (unixPaths.length > 0) printLine(`  --allow-write=${unixPaths.join(",")}`);
}
