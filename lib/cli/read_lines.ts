import { messageOf } from "../core/errors.ts";
import { UsageError } from "./flags.ts";

/** Longer than any line that Weir writes; what is longer is cut there. */
const MAX_LINE_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * The lines of a file, read piece by piece, synchronously: who asks for them is in the middle of a
 * computation. The file is closed when the reader has had enough.
 *
 * @throws {UsageError} when the file cannot be read
 */
export function* readLines(path: string): Generator<string> {
  using file = open(path);
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(CHUNK_BYTES);
  let rest = "";
  for (let count = read(file, chunk, path); count !== null; count = read(file, chunk, path)) {
    rest += decoder.decode(chunk.subarray(0, count), { stream: true });
    const lines = rest.split("\n");
    rest = (lines.pop() ?? "").slice(0, MAX_LINE_BYTES);
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function open(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path);
  } catch (error) {
    throw new UsageError(`cannot read "${path}": ${messageOf(error)}`);
  }
}

function read(file: Deno.FsFile, chunk: Uint8Array, path: string): number | null {
  try {
    return file.readSync(chunk);
  } catch (error) {
    throw new UsageError(`cannot read "${path}": ${messageOf(error)}`);
  }
}
