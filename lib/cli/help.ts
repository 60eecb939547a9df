import { type Flag, HELP } from "./flags.ts";

/** One command of the program. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** What it takes beside its flags: `ACTION [WORD]...`; absent: nothing. */
  readonly operands?: string;
  /** What the help says after the flags. */
  readonly notes?: readonly string[];
}

/** The text of `weir --help`. */
export function programHelp(commands: readonly Command[]): string {
  return [
    "weir: a load balancer for TCP and HTTP/1.1, in one program",
    "",
    "Usage: weir [COMMAND] [FLAGS]",
    "",
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    "",
    "Without a command it runs. Try `weir --demo`, which needs nothing else.",
    "`weir COMMAND --help` shows the flags of a command, `weir --version` the version.",
    "",
    "Exit codes: 0 clean end, 1 wrong configuration, 2 wrong usage,",
    "            3 a listener could not be opened, 69 the admin interface cannot be reached,",
    "            70 internal error; of `ctl` and `explain`: 1 refused by Weir.",
  ].join("\n");
}

/** The text of `weir COMMAND --help`. */
export function commandHelp({ name, summary, flags, operands, notes = [] }: Command): string {
  return [
    `weir ${name}: ${summary}`,
    "",
    ...(operands === undefined ? [] : [`Usage: weir ${name} [FLAGS] ${operands}`, ""]),
    ...columns([...flags, HELP].map((flag) => [flagText(flag), flag.help])),
    ...(notes.length === 0 ? [] : ["", ...notes]),
  ].join("\n");
}

function flagText({ name, short, value }: Flag): string {
  const shortText = short === undefined ? "" : `-${short}, `;
  return `${shortText}--${name}${value === undefined ? "" : ` ${value}`}`;
}

/** Two columns, indented; the second begins where the longest of the first ends. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
