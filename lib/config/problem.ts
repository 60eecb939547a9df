/** Keys and list indexes from the top of a document down to one value. */
export type Path = readonly (string | number)[];

/** A place in a text. Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with the configuration. */
export interface Problem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** `upstreams.app.backends[2].weight`; empty when the file as a whole is meant. */
  readonly path: string;
  /** What is wrong, and the current value. */
  readonly message: string;
}

/** A text that values come from. */
export interface Source {
  /** As the operator wrote it: the start of every message. */
  readonly name: string;
  readonly text: string;
}

/** One value of one file. */
export interface Place {
  readonly source: Source;
  readonly path: Path;
  /** The key or the value that the path leads to. @default {"value"} */
  readonly at?: "key" | "value";
  /** Known already: not looked up by path. */
  readonly position?: Position;
}

/** A problem whose place has not been looked up yet. */
export interface Finding extends Place {
  readonly message: string;
  /** The other half of a contradiction, named at the end of the message. */
  readonly also?: Place;
}

/** `FILE:LINE:COLUMN: path.to.key: what is wrong`, without the parts that are not known. */
export function formatProblem(problem: Problem): string {
  const path = problem.path === "" ? "" : `${problem.path}: `;
  return `${formatPlace(problem.file, problem)}: ${path}${problem.message}`;
}

/** One line per problem, at most `limit` of them, then how many more there are. */
export function formatProblems(problems: readonly Problem[], limit = 100): string[] {
  const lines = problems.slice(0, limit).map(formatProblem);
  const more = problems.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more problems`] : lines;
}

/** `FILE:LINE:COLUMN`, or `FILE` alone when the rest is not known. */
export function formatPlace(file: string, position: Partial<Position> | undefined): string {
  if (position?.line === undefined || position.column === undefined) return file;
  return `${file}:${position.line}:${position.column}`;
}

/** `upstreams.app.backends[2].weight`; keys that are not plain words stand in quotes. */
export function formatPath(path: Path): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else if (!/^[\w-]{1,64}$/.test(segment)) text += `[${showValue(segment)}]`;
    else text += text === "" ? segment : `.${segment}`;
  }
  return text;
}

/** A value as JSON, cut to 60 characters. */
export function showValue(value: unknown): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(prune(value, 0));
  if (text === undefined) return String(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

/** Keeps the first few parts of a value: what is shown is short, however large the value is. */
function prune(value: unknown, depth: number): unknown {
  if (typeof value === "string") return value.slice(0, 80);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (depth >= 3) return Array.isArray(value) ? [] : {};
  if (Array.isArray(value)) return value.slice(0, 8).map((item) => prune(item, depth + 1));
  const entries = Object.entries(value).slice(0, 8);
  return Object.fromEntries(
    entries.map(([key, item]) => [key.slice(0, 80), prune(item, depth + 1)]),
  );
}
