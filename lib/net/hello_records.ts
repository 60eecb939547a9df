import type { Conn } from "./transport.ts";

/** Content type of a record that holds a piece of a handshake (RFC 8446 section 5.1). */
const HANDSHAKE = 22;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;

/** Longest ClientHello that is waited for in whole; usual ones have less than 2 KiB. */
const MAX_HELLO_BYTES = 18 * 1024;
const USUAL_HELLO_BYTES = 2048;

/**
 * Whether a ClientHello is there to its end. Also true when more would not help: for what is no TLS,
 * and for a message cut so small that its own length is not in its first record.
 */
export function isHelloComplete(bytes: Uint8Array): boolean {
  let wanted = Infinity;
  let seen = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== HANDSHAKE) return true;
    if (at + RECORD_HEADER > bytes.length) return false;
    const length = bytes[at + 3]! << 8 | bytes[at + 4]!;
    if (at === 0) {
      if (length < MESSAGE_HEADER) return true;
      if (bytes.length < RECORD_HEADER + MESSAGE_HEADER) return false;
      wanted = MESSAGE_HEADER + (bytes[6]! << 16 | bytes[7]! << 8 | bytes[8]!);
    }
    at += RECORD_HEADER + length;
    seen += length;
    if (seen >= wanted) return at <= bytes.length;
  }
  return false;
}

/** Reads the first bytes of a client up to the end of its ClientHello; fewer when it ends before. */
export async function readHello(conn: Conn): Promise<Uint8Array> {
  let buffer = new Uint8Array(USUAL_HELLO_BYTES);
  for (let size = 0;;) {
    const count = await conn.read(buffer.subarray(size));
    if (count === null) return buffer.subarray(0, size);
    size += count;
    if (size >= MAX_HELLO_BYTES || isHelloComplete(buffer.subarray(0, size))) {
      return buffer.subarray(0, size);
    }
    if (size < buffer.length) continue;
    const larger = new Uint8Array(MAX_HELLO_BYTES);
    larger.set(buffer);
    buffer = larger;
  }
}
