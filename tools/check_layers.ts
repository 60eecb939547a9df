/**
 * Checks what no compiler checks: that imports point down the layers, that only the edge touches
 * the system, that files stay short. Part of `deno task lint`.
 */
import { maskSource } from "./mask_source.ts";
import { print, printError } from "./print.ts";

/** One source file, by its path from the project's root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One import or re-export, static or dynamic. */
export interface Edge {
  readonly from: string;
  /** Path from the project's root, or the specifier as it is written when it is external. */
  readonly to: string;
  /** A package or a built-in module. */
  readonly external: boolean;
  /** Counts from 1. */
  readonly line: number;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
}

/** Lowest first. Folders of one row do not import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ["ds"],
  ["core"],
  ["balancer", "health", "breaker", "limit", "connpool", "metrics", "access", "tracing"],
  ["upstream"],
  ["http", "net", "route", "config"],
  ["proxy", "probe", "admin", "cluster"],
  ["runtime", "simulate"],
  ["cli"],
];

const RANKS: ReadonlyMap<string, number> = new Map(
  LAYERS.flatMap((row, rank) => row.map((folder) => [folder, rank] as const)),
);

/** Folders that import less than their row would let them. */
const NARROWED: Readonly<Record<string, readonly string[]>> = {
  http: ["core", "ds"],
  route: ["core", "ds"],
};

const EDGE_FOLDERS: readonly string[] = ["net", "runtime", "cluster", "cli", "config", "admin"];
const EDGE_REASON = `only main.ts and ${EDGE_FOLDERS.join(", ")} touch the system`;
const TIMELESS_FOLDERS: readonly string[] = [
  "balancer",
  "breaker",
  "limit",
  "ds",
  "health",
  "metrics",
  "upstream",
  "simulate",
];

const MAX_LINES = 300;
const WORKER_ENTRY = "lib/runtime/worker.ts";

/** Every import in `file`. */
export function findEdges(file: SourceFile): Edge[] {
  const masked = maskSource(file.text);
  const edges: Edge[] = [];
  const pattern =
    /\b(?:import|export)\b(\s+type\b(?=\s*[\w${*]))?(?:[\s\w$,*{}"']*?\bfrom)?\s*\(?\s*(["'])( *)\2/g;
  for (const match of masked.matchAll(pattern)) {
    const end = match.index + match[0].length - 1;
    const specifier = file.text.slice(end - (match[3] ?? "").length, end);
    const external = !specifier.startsWith(".");
    edges.push({
      from: file.path,
      to: external ? specifier : resolvePath(file.path, specifier),
      external,
      line: lineAt(masked, match.index),
      typeOnly: match[1] !== undefined,
    });
  }
  return edges;
}

/** Everything that breaks a rule, as `file:line: message`, in the order of `files`. */
export function findViolations(edges: readonly Edge[], files: readonly SourceFile[]): string[] {
  const lines = [
    ...edges.flatMap(checkEdge),
    ...files.flatMap(checkFile),
    ...checkWorker(edges),
  ];
  return lines.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

function checkEdge(edge: Edge): string[] {
  const { from, to, external } = edge;
  const problem = external ? explainExternal(from, to) : explainEdge(from, to);
  return problem === undefined ? [] : [`${from}:${edge.line}: ${problem}`];
}

function explainExternal(from: string, to: string): string | undefined {
  if (!to.startsWith("node:") || mayTouchSystem(from)) return undefined;
  return `${to} must not be imported here: ${EDGE_REASON}`;
}

/** Why `from` must not import `to`, or `undefined` when it may. */
function explainEdge(from: string, to: string): string | undefined {
  // The program's entry is above every layer, and mod.ts names parts of all of them.
  if (!from.startsWith("lib/") || from === "lib/mod.ts") return undefined;
  if (!to.startsWith("lib/")) {
    return to.endsWith(".json") ? undefined : `lib imports nothing outside lib: found ${to}`;
  }
  if (to === "lib/mod.ts") return "lib/mod.ts is for embedders: import the file itself";
  const upper = folderOf(from);
  const lower = folderOf(to);
  if (upper === lower) return undefined;
  const upperRank = RANKS.get(upper);
  const lowerRank = RANKS.get(lower);
  // A folder in no layer is reported once, for the file itself.
  if (upperRank === undefined || lowerRank === undefined) return undefined;
  if (lowerRank > upperRank) return `${upper} must not import ${lower}: it is a higher layer`;
  if (lowerRank === upperRank) return `${upper} must not import ${lower}: they share a layer`;
  const narrowed = NARROWED[upper];
  if (narrowed === undefined || narrowed.includes(lower)) return undefined;
  return `${upper} must not import ${lower}: it may import only ${narrowed.join(" and ")}`;
}

function checkFile(file: SourceFile): string[] {
  if (!file.path.startsWith("lib/")) return [];
  const folder = folderOf(file.path);
  const masked = maskSource(file.text);
  const found: string[] = [];
  if (!RANKS.has(folder) && file.path !== "lib/mod.ts") {
    found.push(`${file.path}:1: file is in no layer: add ${folder} to tools/check_layers.ts`);
  }
  if (!mayTouchSystem(file.path)) {
    found.push(...checkMentions(file.path, masked, {
      pattern: /\bDeno\b/g,
      reason: EDGE_REASON,
    }));
  }
  if (TIMELESS_FOLDERS.includes(folder)) {
    found.push(...checkMentions(file.path, masked, {
      pattern: /\bDate\.now\b|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b/g,
      reason: `time and chance are arguments in ${folder}`,
    }));
  }
  const lineCount = file.text.replace(/\n$/, "").split("\n").length;
  if (lineCount >= MAX_LINES) {
    found.push(
      `${file.path}:${MAX_LINES}: file must be under ${MAX_LINES} lines: has ${lineCount}`,
    );
  }
  return found;
}

interface Mention {
  readonly pattern: RegExp;
  readonly reason: string;
}

function checkMentions(path: string, masked: string, mention: Mention): string[] {
  return [...masked.matchAll(mention.pattern)].map((match) =>
    `${path}:${lineAt(masked, match.index)}: ${match[0]} must not appear here: ${mention.reason}`
  );
}

/** Each worker thread loads its own copy of these modules, and client bytes run through them. */
function checkWorker(edges: readonly Edge[]): string[] {
  const loaded = edges.filter((edge) => !edge.typeOnly);
  const reached = new Set([WORKER_ENTRY]);
  // A set hands out what is added while it is walked.
  for (const path of reached) {
    for (const edge of loaded) if (edge.from === path && !edge.external) reached.add(edge.to);
  }
  return loaded
    .filter((edge) => reached.has(edge.from) && edge.external && !edge.to.startsWith("node:"))
    .map((edge) => `${edge.from}:${edge.line}: ${WORKER_ENTRY} must not load ${edge.to}`);
}

function mayTouchSystem(path: string): boolean {
  return !path.startsWith("lib/") || EDGE_FOLDERS.includes(folderOf(path));
}

/** `lib/net/splice.ts` is in `net`, `lib/mod.ts` in the empty folder. */
function folderOf(path: string): string {
  return path.split("/").slice(1, -1)[0] ?? "";
}

function resolvePath(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function readSources(root: URL): SourceFile[] {
  return ["main.ts", ...walk(root, "lib")].sort().map((path) => ({
    path,
    text: Deno.readTextFileSync(new URL(path, root)),
  }));
}

function* walk(root: URL, folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(folder, root))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* walk(root, path);
    if (entry.isFile && path.endsWith(".ts")) yield path;
  }
}

function main(): number {
  const files = readSources(new URL("../", import.meta.url));
  const violations = findViolations(files.flatMap(findEdges), files);
  for (const violation of violations) printError(violation);
  if (violations.length > 0) return 1;
  print(`Checked the layers of ${files.length} files`);
  return 0;
}

if (import.meta.main) Deno.exit(main());
