import { CLASS, DIGIT } from "./chars.ts";

/** Bytes of `HTTP/1.1`. */
export const VERSION_BYTES = 8;

/**
 * Reads `HTTP/1.1` at `start`: the name is case-sensitive (RFC 9112 section 2.3).
 *
 * @returns ten times the major and once the minor digit, or `undefined` when it is no version
 */
export function parseVersion(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (start + VERSION_BYTES > end) return undefined;
  const isName = bytes[start] === 0x48 && bytes[start + 1] === 0x54 && bytes[start + 2] === 0x54 &&
    bytes[start + 3] === 0x50 && bytes[start + 4] === 0x2f && bytes[start + 6] === 0x2e;
  const major = bytes[start + 5]!;
  const minor = bytes[start + 7]!;
  if (!isName || (CLASS[major]! & CLASS[minor]! & DIGIT) === 0) return undefined;
  return (major - 0x30) * 10 + minor - 0x30;
}
