import { FIELD } from "./field_names.ts";
import type { FieldList } from "./fields.ts";
import { badFraming } from "./framing.ts";
import { NO_TOKENS, parseTokenList } from "./token_list.ts";

/** What the fields of one head say about the message and its connection, before it is judged. */
export interface HeadFacts {
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  host: string | undefined;
  hostCount: number;
  expect: string | undefined;
  /** `Upgrade` values, joined. */
  upgrade: string | undefined;
  /** Elements of all `Connection` fields, in lower case. */
  connection: readonly string[];
}

/**
 * Walks the fields once.
 *
 * @throws {HttpParseError} for a framing field that is there twice, and a malformed `Connection`
 */
export function collectFacts(fields: FieldList): HeadFacts {
  const facts: HeadFacts = {
    contentLength: undefined,
    transferEncoding: undefined,
    host: undefined,
    hostCount: 0,
    expect: undefined,
    upgrade: undefined,
    connection: NO_TOKENS,
  };
  for (let i = 0; i < fields.count; i++) {
    if (fields.idAt(i) !== FIELD.other) noteField(facts, fields, i);
  }
  return facts;
}

function noteField(facts: HeadFacts, fields: FieldList, index: number): void {
  switch (fields.idAt(index)) {
    case FIELD.contentLength:
      if (facts.contentLength !== undefined) throw badFraming("Content-Length is there twice");
      facts.contentLength = fields.valueAt(index);
      return;
    case FIELD.transferEncoding:
      if (facts.transferEncoding !== undefined) throw badFraming("two Transfer-Encoding fields");
      facts.transferEncoding = fields.rawValueAt(index);
      return;
    case FIELD.host:
      facts.host ??= fields.valueAt(index);
      facts.hostCount++;
      return;
    case FIELD.connection:
      facts.connection = parseTokenList(fields.valueAt(index), facts.connection);
      return;
    case FIELD.expect:
      facts.expect = join(facts.expect, fields.valueAt(index));
      return;
    case FIELD.upgrade:
      facts.upgrade = join(facts.upgrade, fields.valueAt(index));
      return;
    default:
      return;
  }
}

/** Several lines of one field are one list (RFC 9110 section 5.3). */
function join(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

/** Whether the sender leaves the connection open after this message (RFC 9112 section 9.3). */
export function keepsAlive(version: 10 | 11, connection: readonly string[]): boolean {
  if (connection.includes("close")) return false;
  return version === 11 || connection.includes("keep-alive");
}
