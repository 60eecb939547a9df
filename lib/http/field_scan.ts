import { CLASS, COLON, CR, HTAB, LF, LOWER, SPACE, TEXT, TOKEN } from "./chars.ts";
import { hashStep, identify } from "./field_names.ts";
import { FieldList } from "./fields.ts";
import type { HeadLimits } from "./limits.ts";
import { HttpParseError } from "./parse_error.ts";

/** A head as bytes, and as the text that was decoded from them. */
export interface HeadSource {
  readonly bytes: Uint8Array;
  /** Offset of the first byte of the head in `bytes`. */
  readonly start: number;
  /** Offset just after the empty line that ends the head. */
  readonly end: number;
  /** One character for each byte of the head. */
  readonly text: string;
}

/**
 * Reads the field lines from offset `from` to the end of the head, and the empty line after them.
 *
 * @throws {HttpParseError} at the first byte that RFC 9112 section 5 does not allow
 */
export function scanFields(source: HeadSource, from: number, limits: HeadLimits): FieldList {
  const { bytes, end } = source;
  const fields = new FieldList();
  let at = from;
  while (bytes[at] !== CR || at + 2 < end) {
    if (fields.count === limits.fieldCount) {
      throw new HttpParseError(431, "too_many_fields", "more field lines than the limit");
    }
    at = scanLine(source, at, fields);
  }
  if (at + 2 !== end || bytes[at + 1] !== LF) {
    throw new HttpParseError(400, "bad_field", "head does not end in an empty line");
  }
  return fields;
}

/** Reads one field line; gives the offset after its CRLF. */
function scanLine(source: HeadSource, lineStart: number, fields: FieldList): number {
  const { bytes, start, end, text } = source;
  let at = lineStart;
  let hash = 0;
  while (at < end && (CLASS[bytes[at]!]! & TOKEN) !== 0) {
    hash = hashStep(hash, LOWER[bytes[at]!]!);
    at++;
  }
  const nameEnd = at;
  if (nameEnd === lineStart || at >= end || bytes[at] !== COLON) throw badName(bytes[at]);
  at++;
  while (at < end && (bytes[at] === SPACE || bytes[at] === HTAB)) at++;
  let valueStart = at;
  while (at < end && (CLASS[bytes[at]!]! & TEXT) !== 0) at++;
  // Bare CR, bare LF, NUL and control bytes all end up here.
  if (at + 1 >= end || bytes[at] !== CR || bytes[at + 1] !== LF) {
    throw new HttpParseError(400, "bad_field", "field value holds a forbidden byte");
  }
  const lineEnd = at + 2;
  while (at > valueStart && (bytes[at - 1] === SPACE || bytes[at - 1] === HTAB)) at--;
  if (at === valueStart) valueStart = at = Math.min(nameEnd + 2, valueStart);
  const isPlain = valueStart === nameEnd + 2 && bytes[nameEnd + 1] === SPACE && at + 2 === lineEnd;
  fields.appendLine({
    text,
    nameStart: lineStart - start,
    nameEnd: nameEnd - start,
    valueStart: valueStart - start,
    valueEnd: at - start,
    hash,
    id: identify(text, lineStart - start, nameEnd - start, hash),
    isPlain,
  });
  return lineEnd;
}

function badName(found: number | undefined): HttpParseError {
  if (found === SPACE || found === HTAB) {
    return new HttpParseError(400, "bad_field", "white space at or before a field name's colon");
  }
  return new HttpParseError(400, "bad_field", "field name is no token");
}
