import { CLASS, TARGET, TEXT, TOKEN } from "./chars.ts";
import type { FieldList } from "./fields.ts";
import type { Framing } from "./framing.ts";
import { writeLatin1 } from "./latin1.ts";

/** What a request head is written from. */
export interface RequestParts {
  readonly method: string;
  readonly target: string;
  readonly fields: FieldList;
  /** The one framing field; those in `fields` are left out. */
  readonly framing: Framing;
}

/** What a response head is written from. */
export interface ResponseParts {
  /** 100 to 599. */
  readonly status: number;
  /** Reason phrase, may be empty. */
  readonly reason: string;
  readonly fields: FieldList;
  /**
   * The one framing field; those in `fields` are left out. For an answer to HEAD it tells what GET
   * would have.
   */
  readonly framing: Framing;
}

/**
 * Writes a request head, always as HTTP/1.1, into `into` from offset `at` on.
 *
 * @returns the offset after its last byte, or -1 when `into` is too small
 * @throws {TypeError} when method or target holds what it must not
 */
export function writeRequestHead(into: Uint8Array, at: number, parts: RequestParts): number {
  const { method, target, fields, framing } = parts;
  if (method === "" || target === "") throw refuse("method and target must not be empty");
  assertClass(method, TOKEN, "method");
  assertClass(target, TARGET, "target");
  const text = `${method} ${target} HTTP/1.1\r\n${fields.toText()}${framingText(framing)}`;
  return writeLatin1(into, at, text);
}

/**
 * Writes a response head, always as HTTP/1.1, into `into` from offset `at` on.
 *
 * @returns the offset after its last byte, or -1 when `into` is too small
 * @throws {TypeError} when the status is no status or the phrase holds what it must not
 */
export function writeResponseHead(into: Uint8Array, at: number, parts: ResponseParts): number {
  const { status, reason, fields, framing } = parts;
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    throw refuse("status must be 100 to 599");
  }
  assertClass(reason, TEXT, "reason phrase");
  const text = `HTTP/1.1 ${status} ${reason}\r\n${fields.toText()}${framingText(framing)}`;
  return writeLatin1(into, at, text);
}

/** The framing field and the empty line. */
function framingText(framing: Framing): string {
  if (framing.kind === "chunked") return "Transfer-Encoding: chunked\r\n\r\n";
  if (framing.kind !== "length") return "\r\n";
  if (Number.isSafeInteger(framing.length) && framing.length >= 0) {
    return `Content-Length: ${framing.length}\r\n\r\n`;
  }
  throw refuse("Content-Length must be 0 to 2^53 - 1");
}

function assertClass(text: string, flag: number, what: string): void {
  for (let i = 0; i < text.length; i++) {
    // Beyond the table is `undefined`, which has no flags.
    if ((CLASS[text.charCodeAt(i)]! & flag) === 0) {
      throw refuse(`${what} must not hold CR, LF, NUL or another byte that the grammar forbids`);
    }
  }
}

function refuse(detail: string): TypeError {
  return new TypeError(`Cannot write a head: ${detail}`);
}
