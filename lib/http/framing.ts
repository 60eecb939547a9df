import { HttpParseError } from "./parse_error.ts";
import { trimSpace } from "./token_list.ts";

/** How the end of a body is known from the fields; a request has no other way. */
export type RequestFraming =
  | { readonly kind: "none" }
  | {
    readonly kind: "length";
    /** Bytes, 0 to 2^53 - 1. */
    readonly length: number;
  }
  | { readonly kind: "chunked" };

/** How the end of a body is known. An answer's may end with its connection. */
export type Framing = RequestFraming | { readonly kind: "until_close" };

/** No body. */
export const NO_BODY: RequestFraming = { kind: "none" };
/** Chunked transfer coding. */
export const CHUNKED: RequestFraming = { kind: "chunked" };
/** Everything up to the end of the connection. */
export const UNTIL_CLOSE: Framing = { kind: "until_close" };

/** 2^53 - 1 has 16 digits. */
const MAX_LENGTH_DIGITS = 16;
/** Codings of the IANA registry, and their old names, which a peer may mean honestly. */
const CODINGS: readonly string[] = ["gzip", "x-gzip", "deflate", "compress", "x-compress"];

/** What the framing fields of one head say. */
export interface FramingFields {
  readonly version: 10 | 11;
  /** Value of the one `Content-Length`. */
  readonly contentLength: string | undefined;
  /** Value of the one `Transfer-Encoding`, with any white space after its first space. */
  readonly transferEncoding: string | undefined;
}

/**
 * The framing that the fields state, by RFC 9112 section 6.3, without its lenient branches.
 *
 * @returns `undefined` when neither field is there
 * @throws {HttpParseError} when two readers could disagree about it
 */
export function parseFraming(fields: FramingFields): RequestFraming | undefined {
  const { contentLength, transferEncoding } = fields;
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) throw badFraming("both Content-Length and Transfer-Encoding");
    if (fields.version === 10) throw badFraming("Transfer-Encoding in HTTP/1.0");
    assertChunked(transferEncoding);
    return CHUNKED;
  }
  if (contentLength === undefined) return undefined;
  return { kind: "length", length: parseContentLength(contentLength) };
}

/**
 * Reads a `Content-Length` value, in bytes.
 *
 * @throws {HttpParseError} when it is not digits only, or over 2^53 - 1
 */
export function parseContentLength(value: string): number {
  if (value.length === 0 || value.length > MAX_LENGTH_DIGITS) {
    throw badFraming("Content-Length is empty or too long");
  }
  let length = 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) throw badFraming("Content-Length is no number");
    length = length * 10 + digit;
  }
  if (length > Number.MAX_SAFE_INTEGER) throw badFraming("Content-Length is over 2^53 - 1");
  return length;
}

function assertChunked(value: string): void {
  if (value === "chunked") return;
  const lower = value.toLowerCase();
  if (lower === "chunked") return;
  if (lower.includes("\t")) throw badFraming("Transfer-Encoding holds a tab");
  const codings = lower.split(",").map(trimSpace);
  // A known coding under chunked is an honest message that Weir does not speak; the rest is noise.
  const isLayered = codings.length > 1 && codings.pop() === "chunked";
  if (isLayered && codings.every((coding) => CODINGS.includes(coding))) {
    throw new HttpParseError(501, "unsupported_coding", "transfer coding other than chunked");
  }
  throw badFraming("Transfer-Encoding is not chunked");
}

/** A fault of framing, after which nothing on the connection can be trusted. */
export function badFraming(detail: string): HttpParseError {
  return new HttpParseError(400, "bad_framing", detail);
}
