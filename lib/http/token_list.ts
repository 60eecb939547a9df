import { CLASS, HTAB, SPACE, TOKEN } from "./chars.ts";
import { HttpParseError } from "./parse_error.ts";

/** The list without elements: most messages have no others. */
export const NO_TOKENS: readonly string[] = Object.freeze([]);

const KEEP_ALIVE: readonly string[] = Object.freeze(["keep-alive"]);
const CLOSE: readonly string[] = Object.freeze(["close"]);
/** Elements of one list, empty ones too: honest messages have two or three. */
const MAX_ELEMENTS = 32;

/**
 * Reads a comma-separated list of tokens (RFC 9110 section 5.6.1) in lower case, after `before`.
 * Empty elements are left out.
 *
 * @throws {HttpParseError} `bad_connection` when an element is no token, or there are over 32
 */
export function parseTokenList(
  value: string,
  before: readonly string[] = NO_TOKENS,
): readonly string[] {
  const lower = value.toLowerCase();
  if (before.length === 0) {
    if (lower === "keep-alive") return KEEP_ALIVE;
    if (lower === "close") return CLOSE;
  }
  const tokens = [...before];
  for (const element of splitList(lower)) {
    if (!isToken(element)) throw badList("a connection option is no token");
    tokens.push(element);
  }
  if (tokens.length > MAX_ELEMENTS) throw badList("too many connection options");
  return tokens;
}

/**
 * The elements of a comma-separated list, without white space and without empty ones.
 *
 * @throws {HttpParseError} `bad_connection` when there are over 32
 */
export function splitList(value: string): string[] {
  const elements = value.split(",", MAX_ELEMENTS + 1);
  if (elements.length > MAX_ELEMENTS) throw badList("list is too long");
  return elements.map(trimSpace).filter((element) => element !== "");
}

/** `text` without the spaces and tabs around it; a regular expression would take quadratic time. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Whether every character of `text` may stand in a token; true for the empty string. */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    // Beyond the table is `undefined`, which has no flags.
    if ((CLASS[text.charCodeAt(at)]! & TOKEN) === 0) return false;
  }
  return true;
}

function isSpace(code: number): boolean {
  return code === SPACE || code === HTAB;
}

function badList(detail: string): HttpParseError {
  return new HttpParseError(400, "bad_connection", detail);
}
