import { parseArgs } from "@std/cli/parse-args";
import { nearest } from "../core/suggest.ts";

/** One flag of a command. */
export interface Flag {
  readonly name: string;
  /** What stands for its value in the help; absent: it takes none. */
  readonly value?: string;
  readonly help: string;
  /** Values it takes, when they are few. */
  readonly choices?: readonly string[];
  readonly short?: string;
  /** May be given several times: its value is a list. */
  readonly repeatable?: true;
}

/** A flag that was given: its text, all its texts when it is repeatable, `true` when it takes none. */
export type FlagValue = string | readonly string[] | true | undefined;

/** The flags that were given, by name. */
export type FlagValues = Readonly<Record<string, FlagValue>>;

/** The command line is wrong; the message says how and what would be right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A command line taken apart. */
export interface Arguments {
  readonly flags: FlagValues;
  /** What is no flag and no flag's value, in order. */
  readonly words: readonly string[];
}

/** Reads the flags of a command that takes nothing else. @throws {UsageError} */
export function parseFlags(args: readonly string[], flags: readonly Flag[]): FlagValues {
  const { flags: values, words: [extra] } = parseArguments(args, flags);
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`);
  return values;
}

/** Reads the flags of a command, and its other words. @throws {UsageError} */
export function parseArguments(args: readonly string[], flags: readonly Flag[]): Arguments {
  const all = [...flags, HELP];
  const known = (name: string) => all.find((flag) => flag.name === name || flag.short === name);
  const switches = all.filter((flag) => flag.value === undefined).map((flag) => flag.name);
  for (const arg of args) refuseValue(arg, switches);
  const texts = all.filter((flag) => flag.value !== undefined).map((flag) => flag.name);
  const parsed = parseArgs(joinNegative(args.map((arg) => longForm(arg, all)), texts), {
    string: [...texts, "_"],
    // The last of several would win without a word.
    collect: texts,
    boolean: switches,
    alias: Object.fromEntries(
      all.flatMap(({ name, short }) => short === undefined ? [] : [[name, short]]),
    ),
    unknown: (_, key) => {
      if (key !== undefined && known(key) === undefined) {
        throw new UsageError(explainUnknown(key, all));
      }
    },
  });
  const values = all.map((flag) => [flag.name, checked(flag, parsed[flag.name])]);
  return { flags: Object.fromEntries(values), words: parsed._.map(String) };
}

export const HELP: Flag = { name: "help", short: "h", help: "Show this help." };

/** `-config FILE`, with one dash, is how programs written in Go take a long flag. */
function longForm(arg: string, flags: readonly Flag[]): string {
  const match = /^-([a-z][a-z-]+)(?:=.*)?$/.exec(arg);
  return match !== null && flags.some((flag) => flag.name === match[1]) ? `-${arg}` : arg;
}

/** `--load -1`: the number is the flag's value, and not a flag with the name 1. */
function joinNegative(args: readonly string[], texts: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1) ?? "";
    const isValue = /^-\.?\d/.test(arg) && texts.some((name) => before === `--${name}`);
    if (isValue) joined[joined.length - 1] = `${before}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** `--demo=no` would be taken for `--demo`. */
function refuseValue(arg: string, switches: readonly string[]): void {
  const match = /^--?([a-z][a-z-]*)=/.exec(arg);
  if (match?.[1] !== undefined && switches.includes(match[1])) {
    throw new UsageError(`--${match[1]} takes no value: current value is "${arg}"`);
  }
}

function checked(flag: Flag, given: unknown): FlagValue {
  if (flag.value === undefined) return given === true ? true : undefined;
  const values: unknown[] = Array.isArray(given) ? given : [];
  if (values.length === 0) return undefined;
  const texts = values.map((value) => checkedText(flag, value));
  if (flag.repeatable) return texts;
  if (texts.length > 1) throw new UsageError(`--${flag.name} must be given once`);
  return texts[0];
}

function checkedText(flag: Flag, value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw new UsageError(`--${flag.name} needs a value: --${flag.name} ${flag.value}`);
  }
  if (flag.choices !== undefined && !flag.choices.includes(value)) {
    const choices = flag.choices.join(", ");
    throw new UsageError(`--${flag.name} must be one of ${choices}: current value is "${value}"`);
  }
  return value;
}

function explainUnknown(name: string, flags: readonly Flag[]): string {
  const near = nearest(name, [...flags.map((flag) => flag.name), "version"]);
  const hint = near === undefined ? "" : `: did you mean "--${near}"?`;
  return `unknown flag "${name.length === 1 ? "-" : "--"}${name}"${hint}`;
}
