import type { FileSource } from "./files.ts";
import type { FileDocument } from "./items.ts";
import type { Finding, Source } from "./problem.ts";
import { readText } from "./read.ts";

/** Most files that one configuration may include. */
const MAX_FILES = 1000;

/** The files that a document includes, read but not parsed. */
export interface Included {
  readonly sources: readonly Source[];
  readonly findings: readonly Finding[];
}

/** Reads the files that `main` names under `include`. */
export async function readIncluded(main: FileDocument, files: FileSource): Promise<Included> {
  const patterns = main.value["include"];
  if (!Array.isArray(patterns)) return { sources: [], findings: [] };
  const sources: Source[] = [];
  const findings: Finding[] = [];
  const taken = new Set([normalizePath(main.source.name)]);
  for (const [index, pattern] of patterns.entries()) {
    if (typeof pattern !== "string" || pattern === "") continue;
    const path = ["include", index];
    const report = (message: string) => findings.push({ source: main.source, path, message });
    for (const name of await match(main.source.name, pattern, files, report)) {
      if (taken.has(name)) {
        // A pattern may well match this file itself or match a file twice; a name may not.
        if (!pattern.includes("*")) report(`file "${name}" must be included only once`);
        continue;
      }
      taken.add(name);
      if (taken.size > MAX_FILES + 1) {
        report(`must name at most ${MAX_FILES} files in all`);
        return { sources, findings };
      }
      const read = await readText(name, files);
      if (read.ok) sources.push(read.source);
      else report(`cannot include "${name}": ${read.message}`);
    }
  }
  return { sources, findings };
}

/** Folders in which a document's own file and what it includes are looked for, each once. */
export function includeFolders({ source, value }: FileDocument): string[] {
  const { include } = value;
  const patterns = Array.isArray(include) ? include : [];
  const paths = patterns.filter((pattern) => typeof pattern === "string").map((pattern) => {
    return normalizePath(pattern.startsWith("/") ? pattern : directoryOf(source.name) + pattern);
  });
  const folders = [source.name, ...paths].map((path) => directoryOf(path) || ".");
  return [...new Set(folders)];
}

async function match(
  mainName: string,
  pattern: string,
  files: FileSource,
  report: (message: string) => void,
): Promise<readonly string[]> {
  const path = besideFile(mainName, pattern);
  const directory = directoryOf(path);
  if (directory.includes("*")) {
    report(`"*" must stand in the last part of the path only`);
    return [];
  }
  if (!path.includes("*")) return [path];
  const test = wildcard(path.slice(directory.length));
  const names = await files.list(directory === "" ? "." : directory);
  return names.filter(test).sort().map((name) => directory + name);
}

/** A path that is relative to the folder of the file `name`. */
export function besideFile(name: string, path: string): string {
  return normalizePath(path.startsWith("/") ? path : directoryOf(name) + path);
}

/** Hidden files match only a pattern that is hidden too, as in a shell. */
function wildcard(pattern: string): (name: string) => boolean {
  const parts = pattern.split("*");
  const [head = "", ...rest] = parts;
  const tail = rest.pop() ?? "";
  return (name) => {
    if (name.startsWith(".") && !pattern.startsWith(".")) return false;
    if (!name.startsWith(head) || !name.endsWith(tail)) return false;
    if (name.length < head.length + tail.length) return false;
    // Greedy from the left is enough: what is between the stars may stand anywhere.
    let position = head.length;
    for (const part of rest) {
      const found = name.indexOf(part, position);
      if (found < 0) return false;
      position = found + part.length;
    }
    return position <= name.length - tail.length;
  };
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** Drops `./` and doubled slashes, so that one file has one name. */
function normalizePath(path: string): string {
  const parts = path.split("/").filter((part, index) =>
    index === 0 || (part !== "" && part !== ".")
  );
  return (parts[0] === "." ? parts.slice(1) : parts).join("/");
}
