import { FIELD } from "./field_names.ts";
import type { FieldList } from "./fields.ts";
import { splitList } from "./token_list.ts";

/**
 * Fields of one connection only (RFC 9110 section 7.6.1). `Trailer`, `Proxy-Authenticate` and
 * `Proxy-Authorization` are none of them: they are about the message, or about a proxy beyond Weir.
 */
const CONNECTION_SPECIFIC = 1 << FIELD.connection | 1 << FIELD.keepAlive |
  1 << FIELD.proxyConnection | 1 << FIELD.te | 1 << FIELD.transferEncoding | 1 << FIELD.upgrade |
  1 << FIELD.http2Settings;

/** What a `Connection` field cannot take out: Weir sets them, or the message is nothing without. */
const KEPT: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "content-range",
  "forwarded",
  "via",
  "x-request-id",
  "x-real-ip",
]);

/** Whether a `Connection` field that lists `lowerName` is not obeyed. */
export function isKeptFromConnection(lowerName: string): boolean {
  return KEPT.has(lowerName) || lowerName.startsWith("x-forwarded-") ||
    lowerName.startsWith("x-weir-");
}

/**
 * Takes out the fields that end at this hop: the known ones and those that `connection` lists. To
 * splice an upgrade, or to tell the backend that trailers are welcome, the caller sets `Connection`
 * anew afterwards.
 *
 * @param connection elements of the `Connection` fields, in lower case
 */
export function removeHopByHop(fields: FieldList, connection: readonly string[]): void {
  if (fields.hasAnyOf(CONNECTION_SPECIFIC)) fields.deleteWhere(isHopField);
  for (const name of connection) {
    if (name === "close" || name === "keep-alive" || name === "upgrade") continue;
    if (!isKeptFromConnection(name)) fields.delete(name);
  }
}

/** Whether the sender takes trailers: `TE: trailers` (RFC 9110 section 10.1.4). */
export function acceptsTrailers(fields: FieldList): boolean {
  return fields.getAll("te").some((value) => splitList(value.toLowerCase()).includes("trailers"));
}

function isHopField(fields: FieldList, index: number): boolean {
  return (CONNECTION_SPECIFIC & (1 << fields.idAt(index))) !== 0;
}
