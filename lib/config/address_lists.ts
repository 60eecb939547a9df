import { type Cidr, parseCidr } from "../core/cidr.ts";
import { CidrSet } from "../core/cidr_set.ts";
import { messageOf } from "../core/errors.ts";
import { routesOf } from "./check_listeners.ts";
import type { FileSource } from "./files.ts";
import { besideFile } from "./include.ts";
import { type FileDocument, type Item, listenersOf } from "./items.ts";
import { type Finding, showValue, type Source } from "./problem.ts";
import { readText } from "./read.ts";

/** Every `allow_file` and `deny_file` of a configuration, read. */
export interface AddressLists {
  /** The memory of a `CidrSet`, by path as it is written. */
  readonly sets: ReadonlyMap<string, SharedArrayBuffer>;
  /** Names of the files. */
  readonly files: readonly string[];
  readonly findings: readonly Finding[];
}

const KEYS = ["allow_file", "deny_file"] as const;

/** Reads the files, each once. Their paths are relative to the first document. */
export async function readAddressLists(
  documents: readonly FileDocument[],
  files: FileSource,
): Promise<AddressLists> {
  const [main] = documents;
  const sets = new Map<string, SharedArrayBuffer>();
  const findings: Finding[] = [];
  const read = new Map<string, ListRead>();
  for (const { item, key, path } of documents.flatMap(filesNamedIn)) {
    const name = besideFile(main?.source.name ?? "", path);
    const list = read.get(name) ?? await readList(name, files);
    const place = { source: item.source, path: [...item.path, key] };
    if ("message" in list) findings.push({ ...place, message: list.message });
    else if (!read.has(name)) findings.push(...list.findings);
    read.set(name, list);
    if ("message" in list) continue;
    sets.set(path, list.buffer);
    // Without a single address nobody could come in; with an empty list everybody can.
    if (key === "allow_file" && list.size === 0 && list.findings.length === 0) {
      const message = `must name a file with at least one address: "${name}" has none`;
      findings.push({ ...place, message });
    }
  }
  return { sets, files: [...read.keys()], findings };
}

interface NamedFile {
  readonly item: Item;
  readonly key: typeof KEYS[number];
  readonly path: string;
}

function filesNamedIn(document: FileDocument): NamedFile[] {
  const items = listenersOf(document).flatMap((listener) => [listener, ...routesOf(listener)]);
  return items.flatMap((item) =>
    KEYS.flatMap((key) => {
      const path = item.value[key];
      return typeof path === "string" && path !== "" ? [{ item, key, path }] : [];
    })
  );
}

type ListRead =
  | {
    readonly buffer: SharedArrayBuffer;
    readonly size: number;
    readonly findings: readonly Finding[];
  }
  | { readonly message: string };

async function readList(name: string, files: FileSource): Promise<ListRead> {
  const read = await readText(name, files);
  if (!read.ok) return { message: `cannot read "${name}": ${read.message}` };
  const { cidrs, findings } = parseList(read.source);
  return { buffer: CidrSet.of(cidrs).buffer, size: cidrs.length, findings };
}

/** One address or block to a line; `#` begins a remark. */
function parseList(source: Source): { cidrs: Cidr[]; findings: Finding[] } {
  const cidrs: Cidr[] = [];
  const findings: Finding[] = [];
  for (const [index, line] of source.text.replace(/^\ufeff/, "").split("\n").entries()) {
    const text = line.replace(/#.*/s, "").trim();
    if (text === "") continue;
    try {
      cidrs.push(parseCidr(text));
    } catch (error) {
      const position = { line: index + 1, column: line.indexOf(text) + 1 };
      const message = `${messageOf(error)}: current value is ${showValue(text)}`;
      findings.push({ source, path: [], position, message });
    }
  }
  return { cidrs, findings };
}
