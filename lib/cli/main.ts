import { messageOf } from "../core/errors.ts";
import { nearest } from "../core/suggest.ts";
import { VERSION } from "../core/version.ts";
import { AdminError } from "./admin_client.ts";
import { CHECK, check } from "./check.ts";
import { CTL, ctl } from "./ctl.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { EXPLAIN, explain } from "./explain.ts";
import { type FlagValues, parseArguments, UsageError } from "./flags.ts";
import { type Command, commandHelp, programHelp } from "./help.ts";
import { printError, printLine } from "./output.ts";
import { PLAN, plan } from "./plan.ts";
import { RUN, run } from "./run.ts";
import { SCHEMA, schema } from "./schema.ts";
import { SIMULATE, simulate } from "./simulate.ts";

/** A command, and what runs it. */
export interface RunnableCommand extends Command {
  /** @param words none unless the command has operands */
  readonly main: (
    flags: FlagValues,
    words: readonly string[],
  ) => ExitCode | Promise<ExitCode>;
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly RunnableCommand[] = [
  { ...RUN, main: run },
  { ...CHECK, main: check },
  { ...EXPLAIN, main: explain },
  { ...PLAN, main: plan },
  { ...CTL, main: ctl },
  { ...SIMULATE, main: simulate },
  { ...SCHEMA, main: schema },
];

/** The program: reads the command line, does what it says, and tells how the process should end. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  // `deno task start -- --demo` hands the dashes on.
  const words = args[0] === "--" ? args.slice(1) : args;
  try {
    return await dispatch(words);
  } catch (error) {
    if (error instanceof UsageError) {
      printError(
        `weir: ${error.message}\nSee \`${["weir", ...namedCommand(words), "--help"].join(" ")}\``,
      );
      return EXIT.usage;
    }
    if (error instanceof AdminError) {
      printError(`weir: ${error.message}`);
      return error.exitCode;
    }
    printError(`weir: internal error: ${messageOf(error)}\n${errorStack(error)}`);
    return EXIT.internal;
  }
}

async function dispatch(words: readonly string[]): Promise<ExitCode> {
  const first = words[0];
  if (words.some((word) => VERSION_FLAGS.includes(word))) {
    printLine(`weir ${VERSION}`);
    return EXIT.ok;
  }
  if (first === "help") return await dispatch([...words.slice(1), "--help"]);
  if (first !== undefined && HELP_FLAGS.includes(first)) {
    printLine(programHelp(COMMANDS));
    return EXIT.ok;
  }
  const isCommand = first !== undefined && !first.startsWith("-");
  const command = COMMANDS.find(({ name }) => name === (isCommand ? first : RUN.name));
  if (command === undefined) throw new UsageError(explainUnknown(first ?? ""));
  const args = isCommand ? words.slice(1) : words;
  const { flags, words: operands } = parseArguments(args, command.flags);
  if (flags["help"] !== true) {
    const [extra] = command.operands === undefined ? operands : [];
    if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`);
    return await command.main(flags, operands);
  }
  printLine(commandHelp(command));
  return EXIT.ok;
}

/** Whose help it is that helps. */
function namedCommand(words: readonly string[]): string[] {
  return COMMANDS.flatMap(({ name }) => name === words[0] ? [name] : []);
}

const VERSION_FLAGS = ["--version", "-version", "-V"];
const HELP_FLAGS = ["--help", "-help", "-h"];

function explainUnknown(word: string): string {
  const near = nearest(word, COMMANDS.map(({ name }) => name));
  const hint = near === undefined ? "" : `: did you mean "${near}"?`;
  return `unknown command "${word}"${hint}`;
}

function errorStack(error: unknown): string {
  return error instanceof Error ? error.stack ?? "" : "";
}
