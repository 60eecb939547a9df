import { CLASS, CR, DIGIT, LF, SPACE, TEXT } from "./chars.ts";
import { type HeadSource, scanFields } from "./field_scan.ts";
import type { FieldList } from "./fields.ts";
import {
  type Framing,
  NO_BODY,
  parseFraming,
  type RequestFraming,
  UNTIL_CLOSE,
} from "./framing.ts";
import { collectFacts, keepsAlive } from "./head_facts.ts";
import type { DecodeLatin1 } from "./latin1.ts";
import type { HeadLimits } from "./limits.ts";
import { HttpParseError, toBadGateway } from "./parse_error.ts";
import { splitList } from "./token_list.ts";
import { parseVersion, VERSION_BYTES } from "./version.ts";

/** The head of an answer, understood. */
export interface ResponseHead {
  /** 100 to 599. */
  readonly status: number;
  /** Reason phrase as sent, may be empty. */
  readonly reason: string;
  /** 10 or 11. */
  readonly version: 10 | 11;
  readonly fields: FieldList;
  /** What follows on the connection. */
  readonly framing: Framing;
  /**
   * What the framing fields say, whether or not a body follows: an answer to HEAD and a 304 tell
   * the length that GET would have. `none` when there are no framing fields.
   */
  readonly stated: RequestFraming;
  /** The connection can carry another request after this answer's body. */
  readonly keepAlive: boolean;
  /** Protocols of `Upgrade` in lower case, when `Connection` lists it; absent otherwise. */
  readonly upgrade: readonly string[] | undefined;
  /** Elements of all `Connection` fields, in lower case. */
  readonly connection: readonly string[];
}

/** What has to be known of a request to understand its answer. */
export interface ResponseContext {
  readonly requestMethod: string;
}

/**
 * Parses the response head in `bytes[start, end)`, from its first byte to just after its empty line.
 *
 * @throws {HttpParseError} always with status 502
 */
export function parseResponseHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: HeadLimits,
  decode: DecodeLatin1,
  context: ResponseContext,
): ResponseHead {
  try {
    if (end - start > limits.headBytes) {
      throw new HttpParseError(502, "headers_too_large", "head is over the limit");
    }
    const version = scanVersion(bytes, start, end);
    const status = scanStatus(bytes, start, end);
    const lineEnd = scanReason(bytes, start, end);
    const source: HeadSource = { bytes, start, end, text: decode(bytes, start, end) };
    const fields = scanFields(source, lineEnd + 2, limits);
    const reason = source.text.slice(REASON_OFFSET, Math.max(REASON_OFFSET, lineEnd - start));
    return judge({ version, status, reason, fields }, context.requestMethod);
  } catch (error) {
    throw toBadGateway(error);
  }
}

/** Offset of the reason phrase: `HTTP/1.1 200 `. */
const REASON_OFFSET = VERSION_BYTES + 5;

interface RawHead {
  readonly version: 10 | 11;
  readonly status: number;
  readonly reason: string;
  readonly fields: FieldList;
}

function judge(raw: RawHead, requestMethod: string): ResponseHead {
  const { version, status, reason, fields } = raw;
  const { contentLength, transferEncoding, upgrade, connection } = collectFacts(fields);
  const stated = parseFraming({ version, contentLength, transferEncoding });
  const framing = responseFraming(stated, status, requestMethod);
  return {
    status,
    reason,
    version,
    fields,
    framing,
    stated: stated ?? NO_BODY,
    keepAlive: framing.kind !== "until_close" && keepsAlive(version, connection) &&
      !mayBeFollowed(stated, status),
    upgrade: upgrade === undefined || !connection.includes("upgrade")
      ? undefined
      : splitList(upgrade.toLowerCase()),
    connection,
  };
}

/** RFC 9112 section 6.3, items 1, 2 and 8. */
function responseFraming(
  stated: RequestFraming | undefined,
  status: number,
  requestMethod: string,
): Framing {
  if (hasNoBody(status) || requestMethod === "HEAD") return NO_BODY;
  if (requestMethod === "CONNECT" && status < 300) return NO_BODY;
  return stated ?? UNTIL_CLOSE;
}

/** Whether answers of that status never have a body: 1xx, 204 and 304. */
export function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/**
 * Whether a backend that states a body where none may be could also send it: the connection must
 * not carry another answer then. `Content-Length: 0` with 204 is common, and harmless.
 */
function mayBeFollowed(stated: RequestFraming | undefined, status: number): boolean {
  if (status === 304 || !hasNoBody(status) || stated === undefined) return false;
  return stated.kind !== "length" || stated.length > 0;
}

function scanVersion(bytes: Uint8Array, start: number, end: number): 10 | 11 {
  const version = parseVersion(bytes, start, end);
  if (version === 10 || version === 11) return version;
  throw new HttpParseError(502, "bad_version", "HTTP version is not 1.0 or 1.1");
}

function scanStatus(bytes: Uint8Array, start: number, end: number): number {
  const at = start + VERSION_BYTES + 1;
  if (at + 3 >= end || bytes[at - 1] !== SPACE) throw badLine("no status code");
  const [first, second, third] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
  if ((CLASS[first]! & CLASS[second]! & CLASS[third]! & DIGIT) === 0) {
    throw badLine("status code is no number");
  }
  const status = (first - 0x30) * 100 + (second - 0x30) * 10 + third - 0x30;
  if (status < 100 || status > 599) throw badLine("status code is not 100 to 599");
  return status;
}

/** The offset of the CR that ends the status line. */
function scanReason(bytes: Uint8Array, start: number, end: number): number {
  let at = start + REASON_OFFSET - 1;
  // The space is required even before an empty phrase, but many servers leave both out.
  if (bytes[at] !== SPACE && bytes[at] !== CR) throw badLine("status code has not three digits");
  while (at < end && (CLASS[bytes[at]!]! & TEXT) !== 0) at++;
  if (at + 1 >= end || bytes[at] !== CR || bytes[at + 1] !== LF) {
    throw badLine("reason phrase holds a forbidden byte");
  }
  return at;
}

function badLine(detail: string): HttpParseError {
  return new HttpParseError(502, "bad_response", detail);
}
