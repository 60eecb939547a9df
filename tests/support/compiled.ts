/** What `deno compile` bakes into a binary beside its files. */
export interface Metadata {
  readonly argv: readonly string[];
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly v8_flags: readonly string[];
  readonly env_vars_from_env_file: Readonly<Record<string, string>>;
  readonly entrypoint_key: string;
  readonly unstable_config: { readonly features: readonly string[] };
}

/** What a binary holds beside the base runtime. */
export interface Compiled {
  readonly metadata: Metadata;
  /** Paths of the embedded files, sorted. */
  readonly files: readonly string[];
}

type Entry =
  | { readonly Dir: { readonly n: string; readonly e: readonly Entry[] } }
  | { readonly File: { readonly n: string } };

/** Begins the part that Deno 2.9 appends; it is there twice. */
const MAGIC = new TextEncoder().encode("d3n0l4ndd3n0l4nd");
const TREE_START = new TextEncoder().encode('[{"');

/** Reads what was appended to a base runtime. @throws {Error} when nothing was */
export function readCompiled(binary: Uint8Array): Compiled {
  const start = indexOf(binary, MAGIC, 0);
  if (start < 0) throw new Error("Cannot read the binary: it must be made by deno compile");
  const view = new DataView(binary.buffer, binary.byteOffset);
  const json = (at: number) => {
    const length = Number(view.getBigUint64(at - 8, true));
    return JSON.parse(new TextDecoder().decode(binary.subarray(at, at + length)));
  };
  const metadataAt = start + MAGIC.length + 8;
  const metadataEnd = metadataAt + Number(view.getBigUint64(metadataAt - 8, true));
  const tree = json(indexOf(binary, TREE_START, metadataEnd)) as readonly Entry[];
  return { metadata: json(metadataAt) as Metadata, files: [...walk(tree, "")].sort() };
}

function* walk(entries: readonly Entry[], folder: string): Generator<string> {
  for (const entry of entries) {
    if ("Dir" in entry) yield* walk(entry.Dir.e, `${folder}${entry.Dir.n}/`);
    else yield `${folder}${entry.File.n}`;
  }
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(wanted[0]!, from); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}
