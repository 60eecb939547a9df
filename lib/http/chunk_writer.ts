import type { FieldList } from "./fields.ts";
import { writeLatin1 } from "./latin1.ts";

/** Bytes of the longest size line: 14 digits and CRLF. */
export const MAX_CHUNK_HEADER_BYTES = 16;

const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

/**
 * Writes the size line of a chunk; the data and {@linkcode writeChunkEnd} follow.
 *
 * @param sizeBytes 1 to 2^53 - 1: a chunk of size 0 would end the body
 * @returns the offset after its last byte, or -1 when `into` may be too small
 */
export function writeChunkHeader(into: Uint8Array, at: number, sizeBytes: number): number {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1) {
    throw new RangeError(`Cannot write a chunk: size must be 1 to 2^53 - 1 bytes`);
  }
  if (at + MAX_CHUNK_HEADER_BYTES > into.length) return -1;
  let digits = 1;
  for (let rest = Math.floor(sizeBytes / 16); rest > 0; rest = Math.floor(rest / 16)) digits++;
  let left = sizeBytes;
  for (let i = at + digits - 1; i >= at; i--) {
    into[i] = DIGITS[left % 16]!;
    left = Math.floor(left / 16);
  }
  return writeChunkEnd(into, at + digits);
}

/**
 * Writes the CRLF after a chunk's data.
 *
 * @returns the offset after it, or -1 when `into` is too small
 */
export function writeChunkEnd(into: Uint8Array, at: number): number {
  if (at + 2 > into.length) return -1;
  into[at] = 13;
  into[at + 1] = 10;
  return at + 2;
}

/**
 * Writes the end of a chunked body: the last chunk, trailers, and the empty line.
 *
 * @returns the offset after its last byte, or -1 when `into` is too small
 */
export function writeLastChunk(into: Uint8Array, at: number, trailers?: FieldList): number {
  return writeLatin1(into, at, `0\r\n${trailers?.toText() ?? ""}\r\n`);
}
