import type { FileSource } from "./files.ts";
import { MAX_FILE_BYTES } from "./files.ts";
import type { Source } from "./problem.ts";

/** The text of a file, or why there is none. */
export type TextRead =
  | { readonly ok: true; readonly source: Source }
  | { readonly ok: false; readonly message: string };

/** Reads a file as UTF-8 text. */
export async function readText(
  name: string,
  files: Pick<FileSource, "read">,
): Promise<TextRead> {
  const read = await files.read(name);
  if (read.kind === "missing") return { ok: false, message: "file does not exist" };
  if (read.kind === "directory") return { ok: false, message: "must be a file: it is a directory" };
  if (read.kind === "unreadable") {
    return { ok: false, message: `file cannot be read: ${read.reason}` };
  }
  if (read.kind === "too_large") {
    return { ok: false, message: `file must be at most ${MAX_FILE_BYTES / 1024 / 1024} MiB` };
  }
  const text = decode(read.bytes);
  if (text !== undefined) return { ok: true, source: { name, text } };
  return { ok: false, message: `file must be UTF-8 text: ${describeInvalid(read.bytes)}` };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Finds the first byte that cannot be part of UTF-8, by halving. */
function describeInvalid(bytes: Uint8Array): string {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isValidStart(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle;
  }
  const line = bytes.subarray(0, valid).reduce(
    (count, byte) => byte === 0x0a ? count + 1 : count,
    1,
  );
  const byte = (bytes[valid] ?? 0).toString(16).padStart(2, "0");
  return `byte 0x${byte} at offset ${valid}, line ${line}`;
}

function isValidStart(bytes: Uint8Array): boolean {
  try {
    // A character cut off at the end is no error while streaming.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
