import { jsonSchema } from "../config/json_schema.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import type { Command } from "./help.ts";
import { printLine } from "./output.ts";

export const SCHEMA: Command = {
  name: "schema",
  summary: "Print the JSON Schema of the configuration, for editors.",
  flags: [],
};

/** `weir schema`. */
export function schema(): ExitCode {
  printLine(JSON.stringify(jsonSchema(), undefined, 2));
  return EXIT.ok;
}
