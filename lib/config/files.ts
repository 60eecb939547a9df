import { messageOf } from "../core/errors.ts";

/** Largest file that is read, in bytes. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** What reading a file came to. A file that cannot be read is no exception: operators do that. */
export type FileRead =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "missing" }
  | { readonly kind: "directory" }
  | { readonly kind: "too_large" }
  | { readonly kind: "unreadable"; readonly reason: string };

/** The files that a configuration may be made of. */
export interface FileSource {
  /** Reads at most {@linkcode MAX_FILE_BYTES}. Never rejects. */
  read(path: string): Promise<FileRead>;
  /** Names of the files in a directory, in any order; none when it cannot be listed. */
  list(directory: string): Promise<readonly string[]>;
}

/** What the loader takes from outside. */
export interface LoadEnvironment {
  /** The value of an environment variable. */
  readonly variable: (name: string) => string | undefined;
  readonly files: FileSource;
  /** What `workers: auto` stands for. */
  readonly cores: number;
}

/** The real file system, variables and cores. */
export function systemEnvironment(): LoadEnvironment {
  return {
    variable: (name) => Deno.env.get(name),
    files: { read: readFile, list: listFiles },
    cores: navigator.hardwareConcurrency,
  };
}

async function readFile(path: string): Promise<FileRead> {
  try {
    using file = await Deno.open(path, { read: true });
    if ((await file.stat()).isDirectory) return { kind: "directory" };
    return await readUpTo(file, MAX_FILE_BYTES);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { kind: "missing" };
    if (error instanceof Deno.errors.IsADirectory) return { kind: "directory" };
    return { kind: "unreadable", reason: explainFailure(error) };
  }
}

/** Reads to the end: a pipe such as `/dev/fd/63` does not tell its size beforehand. */
async function readUpTo(file: Deno.FsFile, limitBytes: number): Promise<FileRead> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  while (true) {
    const chunk = new Uint8Array(64 * 1024);
    const count = await file.read(chunk);
    if (count === null) break;
    sizeBytes += count;
    if (sizeBytes > limitBytes) return { kind: "too_large" };
    chunks.push(chunk.subarray(0, count));
  }
  const bytes = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return { kind: "bytes", bytes };
}

/** Whether everybody on the machine may read a file. False where that cannot be found out. */
export async function isWorldReadable(path: string): Promise<boolean> {
  try {
    const { mode } = await Deno.stat(path);
    return mode !== null && (mode & 0o004) !== 0;
  } catch {
    return false;
  }
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (!entry.isDirectory) names.push(entry.name);
    }
  } catch {
    // A pattern over a directory that is not there matches nothing, as in NGINX.
  }
  return names;
}

function explainFailure(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "Deno has no permission to read it";
  return messageOf(error);
}
