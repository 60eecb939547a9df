import { chunked, headOf } from "./http_wire.ts";

/** What has to come of an ambiguous or malformed message. */
export type Verdict =
  /** Refused with this status, and nothing of it reaches a backend as a request. */
  | { readonly status: number }
  /** Exactly one request reaches a backend, with this body. */
  | { readonly body: string };

/** A message that two readers could understand differently. */
export interface AmbiguousMessage {
  readonly name: string;
  readonly bytes: string;
  readonly verdict: Verdict;
}

/** What an attacker would put behind the end that he wants the backend to see. */
export const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
/** The body `hello` in one chunk. */
export const CHUNKED_HELLO = chunked(["hello"]);

/** Refused with 400, with a request smuggled in behind it. */
export function bad(name: string, bytes: string): AmbiguousMessage {
  return { name, bytes: bytes + SMUGGLED, verdict: { status: 400 } };
}

/** A POST that is refused with 400. */
export function post(name: string, fields: readonly string[], body = "hello"): AmbiguousMessage {
  return bad(name, headOf("POST / HTTP/1.1", "Host: a", ...fields) + body);
}

/** A POST that is refused with another status. */
export function refused(
  name: string,
  status: number,
  fields: string | readonly string[],
  body: string,
): AmbiguousMessage {
  return { ...post(name, [fields].flat(), body), verdict: { status } };
}

/** A POST that goes on as one request. */
export function forwarded(
  name: string,
  fields: string | readonly string[],
  sent: string,
  body: string,
): AmbiguousMessage {
  const bytes = headOf("POST / HTTP/1.1", "Host: a", ...[fields].flat()) + sent;
  return { name, bytes, verdict: { body } };
}

/** A name for reports: control characters escaped. */
export function show(value: string): string {
  return JSON.stringify(value).slice(0, 40);
}
