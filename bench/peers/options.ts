import { parseArgs } from "@std/cli/parse-args";

/** What the command line asks for. */
export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly workers: number;
  /** Absent: all. */
  readonly rows?: readonly string[];
  /** Absent: all. */
  readonly subjects?: readonly string[];
  /** Absent: Weir from source. */
  readonly weir?: readonly string[];
  /** A path, or `-`. */
  readonly json?: string;
  readonly markdown: boolean;
  readonly help: boolean;
}

/** Names a flag may choose from. */
export interface Choices {
  readonly rows: readonly string[];
  readonly subjects: readonly string[];
}

const STRINGS = ["rounds", "seconds", "workers", "rows", "subjects", "weir", "json"] as const;

/** Shown by `--help`. */
export const USAGE = `Weir beside HAProxy and NGINX, all as TCP or HTTP balancers on loopback.

deno task bench:peers [flags]

  --rounds N        times each subject is measured per row, in turn (default 3)
  --seconds S       length of one measurement (default 3)
  --rows A,B        keepalive, connections, bulk, idle, start as TCP; http-keepalive, http-post,
                    http-connections, http-latency, http-idle, http-bulk; https-keepalive,
                    https-handshake, https-idle; sni, sni-connections pass TLS through by name;
                    reencrypt, reencrypt-idle speak TLS with the backends (default all)
  --subjects A,B    weir, haproxy, nginx (default all)
  --workers N       threads of every subject (default 1)
  --weir COMMAND    measure this command, say a compiled binary, in place of main.ts
  --json FILE       write all samples as JSON; - prints them in place of the table
  --markdown        print the table as Markdown`;

/** Reads the command line. @throws {RangeError} naming the flag that is wrong. */
export function parseOptions(args: readonly string[], choices: Choices): Options {
  const flags = parseArgs(joinDash(args.filter((arg) => arg !== "--")), {
    string: STRINGS,
    boolean: ["markdown", "help"],
    unknown: refuse,
  });
  const text = (name: typeof STRINGS[number]): string | undefined => {
    const value = flags[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    rounds: parseCount("rounds", text("rounds") ?? "3"),
    seconds: parseCount("seconds", text("seconds") ?? "3"),
    workers: parseCount("workers", text("workers") ?? "1"),
    ...given("rows", parseList("rows", text("rows"), choices.rows)),
    ...given("subjects", parseList("subjects", text("subjects"), choices.subjects)),
    ...given("weir", text("weir")?.trim().split(/\s+/)),
    ...given("json", text("json")),
    markdown: flags["markdown"] === true,
    help: flags["help"] === true,
  };
}

/** The parser takes `-` for an argument of its own: `--json -` becomes `--json=-`. */
function joinDash(args: readonly string[]): string[] {
  return args.flatMap((arg, place) => {
    if (arg === "-" && args[place - 1] === "--json") return [];
    return arg === "--json" && args[place + 1] === "-" ? ["--json=-"] : [arg];
  });
}

function refuse(arg: string): never {
  throw new RangeError(`Cannot read flag "${arg}": unknown, see --help`);
}

function parseCount(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw new RangeError(`Cannot read --${name}: must be a whole number from 1: is "${text}"`);
}

function parseList(
  name: string,
  text: string | undefined,
  known: readonly string[],
): readonly string[] | undefined {
  const names = text?.split(",");
  const stray = names?.find((entry) => !known.includes(entry));
  if (stray === undefined) return names;
  throw new RangeError(`Cannot read --${name}: must be of ${known.join(", ")}: is "${stray}"`);
}

function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : { [key]: value } as { [P in K]?: V };
}
