import { CLASS, CR, LF, TOKEN } from "./chars.ts";
import { HttpParseError } from "./parse_error.ts";
import type { HeadLimits } from "./limits.ts";

/** Empty lines before a request line that are passed over (RFC 9112 section 2.2). */
const MAX_EMPTY_LINES = 2;
/** Longest line end of a head that may still be incomplete: CR LF CR. */
const OVERLAP_BYTES = 3;

/**
 * Looks for the empty line that ends a head in `bytes[from, to)`.
 *
 * Lines that end in a bare LF count here too: the parser refuses them, and a head that has no CRLF
 * at all should be refused at once instead of by a timeout.
 *
 * @returns the offset just after the empty line, or -1 when it has not come yet
 */
export function findHeadEnd(bytes: Uint8Array, from: number, to: number): number {
  // Of LF LF and LF CR LF every second byte is a CR or an LF, so every other byte can be passed.
  for (let at = from; at < to; at += 2) {
    if (bytes[at]! > CR) continue;
    const end = endAround(bytes, at, from, to);
    if (end !== -1) return end;
  }
  return -1;
}

/** The end of the empty line whose LF LF or LF CR LF holds the byte at `at`, or -1. */
function endAround(bytes: Uint8Array, at: number, from: number, to: number): number {
  let first = at;
  if (bytes[at] === CR) first = at - 1;
  if (first >= from && bytes[first] === LF) {
    const end = endAfter(bytes, first, to);
    if (end !== -1) return end;
  }
  // `at` may be the second of two LFs.
  if (bytes[at] === LF && at - 1 >= from && bytes[at - 1] === LF) return at + 1;
  return -1;
}

function endAfter(bytes: Uint8Array, lineFeed: number, to: number): number {
  if (lineFeed + 1 < to && bytes[lineFeed + 1] === LF) return lineFeed + 2;
  if (lineFeed + 2 < to && bytes[lineFeed + 1] === CR && bytes[lineFeed + 2] === LF) {
    return lineFeed + 3;
  }
  return -1;
}

/** Finds where heads end while their bytes come in; one per connection, used for head after head. */
export class HeadScanner {
  readonly #isRequest: boolean;
  readonly #limits: HeadLimits;
  #skippedBytes = 0;
  #emptyLines = 0;
  #scannedBytes = 0;

  constructor(kind: "request" | "response", limits: HeadLimits) {
    this.#isRequest = kind === "request";
    this.#limits = limits;
  }

  /** Bytes of empty lines before the head, which {@linkcode HeadScanner.find} passed over. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /**
   * Looks at `bytes[start, end)`, which holds one unfinished head from its first byte on: each call
   * gets the bytes of the last one and more. Only what is new is looked at.
   *
   * @returns the offset just after the head, or -1 when more bytes are needed
   * @throws {HttpParseError} as soon as the bytes cannot become a head within the limits
   */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (this.#isRequest && this.#scannedBytes === 0) this.#skipEmptyLines(bytes, start, end);
    const first = start + this.#skippedBytes;
    if (first >= end) return -1;
    if (this.#scannedBytes === 0) this.#checkFirst(bytes[first]!, first + 1 < end);
    const from = first + Math.max(0, this.#scannedBytes - OVERLAP_BYTES);
    const headEnd = findHeadEnd(bytes, from, end);
    const sizeBytes = (headEnd === -1 ? end : headEnd) - first;
    if (sizeBytes > this.#limits.headBytes) this.#refuseSize(bytes, first, end);
    // A lone CR may yet become an empty line.
    if (headEnd === -1 && bytes[first] !== CR) this.#scannedBytes = sizeBytes;
    return headEnd;
  }

  /** Makes ready for the next head. */
  reset(): void {
    this.#skippedBytes = 0;
    this.#emptyLines = 0;
    this.#scannedBytes = 0;
  }

  #skipEmptyLines(bytes: Uint8Array, start: number, end: number): void {
    let at = start + this.#skippedBytes;
    while (
      this.#emptyLines < MAX_EMPTY_LINES && at + 1 < end && bytes[at] === CR && bytes[at + 1] === LF
    ) {
      at += 2;
      this.#emptyLines++;
    }
    this.#skippedBytes = at - start;
  }

  /** A TLS greeting or other noise is refused at its first byte. */
  #checkFirst(byte: number, hasMore: boolean): void {
    const isStart = this.#isRequest ? (CLASS[byte]! & TOKEN) !== 0 : byte === 0x48;
    const mayBeEmptyLine = this.#isRequest && byte === CR && !hasMore &&
      this.#emptyLines < MAX_EMPTY_LINES;
    if (isStart || mayBeEmptyLine) return;
    if (this.#isRequest) throw new HttpParseError(400, "bad_request", "first byte is no method");
    throw new HttpParseError(502, "bad_response", "first byte is no HTTP version");
  }

  #refuseSize(bytes: Uint8Array, first: number, end: number): never {
    if (!this.#isRequest) {
      throw new HttpParseError(502, "headers_too_large", "head is over the limit");
    }
    const line = bytes.subarray(first, end).indexOf(LF);
    if (line === -1 || line > this.#limits.headBytes) {
      throw new HttpParseError(414, "uri_too_long", "request line is over the limit");
    }
    throw new HttpParseError(431, "headers_too_large", "head is over the limit");
  }
}
