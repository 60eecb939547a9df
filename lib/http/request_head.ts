import { CLASS, CR, LF, SPACE, TARGET, TOKEN } from "./chars.ts";
import { type HeadSource, scanFields } from "./field_scan.ts";
import type { FieldList } from "./fields.ts";
import { badFraming, NO_BODY, parseFraming, type RequestFraming } from "./framing.ts";
import { collectFacts, type HeadFacts, keepsAlive } from "./head_facts.ts";
import { type HostName, isSameHost, parseHostName } from "./host.ts";
import type { DecodeLatin1 } from "./latin1.ts";
import type { HeadLimits } from "./limits.ts";
import { HttpParseError } from "./parse_error.ts";
import { parseTarget, type Target, type TargetForm } from "./target.ts";
import { splitList } from "./token_list.ts";
import { parseVersion, VERSION_BYTES } from "./version.ts";

/** The head of a request, understood. */
export interface RequestHead {
  /** As sent: methods are case-sensitive. */
  readonly method: string;
  /** As sent. */
  readonly target: string;
  readonly form: TargetForm;
  /** What stands before the query: `*` in asterisk form, empty in authority form. */
  readonly path: string;
  /** What stands after the first `?`; absent when there is none. */
  readonly query: string | undefined;
  /** 10 or 11. */
  readonly version: 10 | 11;
  readonly fields: FieldList;
  /** `host[:port]` as sent; the target's wins. Empty when HTTP/1.0 names none. */
  readonly authority: string;
  /** Lower case, without port and trailing dot, for routing. Empty when HTTP/1.0 names none. */
  readonly host: string;
  /** Port of the authority, absent when it names none. */
  readonly port: number | undefined;
  readonly framing: RequestFraming;
  /** The client leaves the connection open after this request. */
  readonly keepAlive: boolean;
  /** The client waits for 100 before it sends the body. */
  readonly expectContinue: boolean;
  /** Protocols of `Upgrade` in lower case, when `Connection` lists it; absent otherwise. */
  readonly upgrade: readonly string[] | undefined;
  /** Elements of all `Connection` fields, in lower case. */
  readonly connection: readonly string[];
}

/** Longest method: the longest registered one, `UPDATEREDIRECTREF`, has 17 bytes. */
const MAX_METHOD_BYTES = 32;
const NO_HOST: HostName = { name: "", port: undefined };

/**
 * Parses the request head in `bytes[start, end)`, from its first byte to just after its empty line,
 * as {@linkcode HeadScanner} found them.
 *
 * @throws {HttpParseError} for everything that two readers could understand differently
 */
export function parseRequestHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: HeadLimits,
  decode: DecodeLatin1,
): RequestHead {
  if (end - start > limits.headBytes) {
    throw new HttpParseError(431, "headers_too_large", "head is over the limit");
  }
  const methodEnd = scanMethod(bytes, start, end);
  const targetEnd = scanTarget(bytes, methodEnd + 1, end);
  if (targetEnd - methodEnd - 1 > limits.targetBytes) {
    throw new HttpParseError(414, "uri_too_long", "target is over the limit");
  }
  const version = scanVersion(bytes, targetEnd + 1, end);
  const source: HeadSource = { bytes, start, end, text: decode(bytes, start, end) };
  const fields = scanFields(source, targetEnd + 1 + VERSION_BYTES + 2, limits);
  const method = internMethod(source.text.slice(0, methodEnd - start));
  const target = source.text.slice(methodEnd + 1 - start, targetEnd - start);
  return judge({ method, target, version, fields });
}

interface RawHead {
  readonly method: string;
  readonly target: string;
  readonly version: 10 | 11;
  readonly fields: FieldList;
}

function judge(raw: RawHead): RequestHead {
  const { method, version, fields } = raw;
  const target = parseTarget(method, raw.target);
  const facts = collectFacts(fields);
  const framing = requestFraming(method, version, facts);
  const host = requestHost(version, facts, target);
  const { connection } = facts;
  return {
    method,
    target: raw.target,
    form: target.form,
    path: target.path,
    query: target.query,
    version,
    fields,
    authority: target.authority?.text ?? facts.host ?? "",
    host: host.name,
    port: host.port,
    framing,
    keepAlive: keepsAlive(version, connection),
    expectContinue: facts.expect !== undefined && expectsContinue(facts.expect, version, framing),
    upgrade: facts.upgrade === undefined ? undefined : upgradeProtocols(facts, version),
    connection,
  };
}

/** The offset of the space after the method. */
function scanMethod(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (CLASS[bytes[at]!]! & TOKEN) !== 0) at++;
  if (at === start || at >= end || bytes[at] !== SPACE) throw badLine("method is no token");
  if (at - start > MAX_METHOD_BYTES) {
    throw new HttpParseError(501, "unsupported_method", "method is over 32 bytes");
  }
  return at;
}

/** The offset of the space after the target. */
function scanTarget(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (CLASS[bytes[at]!]! & TARGET) !== 0) at++;
  if (at < end && at > start && bytes[at] === SPACE) return at;
  if (at >= end || at === start || bytes[at] === CR || bytes[at] === LF) {
    throw badLine("request line has no three parts");
  }
  throw new HttpParseError(400, "bad_target", "target holds a forbidden byte");
}

function scanVersion(bytes: Uint8Array, start: number, end: number): 10 | 11 {
  const version = parseVersion(bytes, start, end);
  if (version === undefined) throw new HttpParseError(400, "bad_version", "no HTTP version");
  const lineEnd = start + VERSION_BYTES;
  if (lineEnd + 1 >= end || bytes[lineEnd] !== CR || bytes[lineEnd + 1] !== LF) {
    throw badLine("request line does not end after its version");
  }
  if (version === 10 || version === 11) return version;
  throw new HttpParseError(505, "unsupported_version", "HTTP version is not 1.0 or 1.1");
}

/** The method as one of a few shared strings, so that comparing it later is comparing pointers. */
function internMethod(method: string): string {
  switch (method) {
    case "GET":
      return "GET";
    case "POST":
      return "POST";
    case "HEAD":
      return "HEAD";
    case "PUT":
      return "PUT";
    default:
      return method;
  }
}

function requestFraming(method: string, version: 10 | 11, facts: HeadFacts): RequestFraming {
  const { contentLength, transferEncoding } = facts;
  const stated = parseFraming({ version, contentLength, transferEncoding });
  if (stated === undefined) return NO_BODY;
  // What follows a CONNECT is a tunnel or nothing: a body would be read as both.
  if (method === "CONNECT") throw badFraming("CONNECT with a body");
  return stated;
}

/** RFC 9112 sections 3.2 and 3.2.2. */
function requestHost(version: 10 | 11, facts: HeadFacts, target: Target): HostName {
  if (facts.hostCount > 1) throw new HttpParseError(400, "bad_host", "more than one Host");
  if (facts.host === undefined && version === 11) {
    throw new HttpParseError(400, "bad_host", "HTTP/1.1 without Host");
  }
  const stated = facts.host === undefined ? undefined : parseHostName(facts.host);
  const { authority } = target;
  if (authority === undefined) return stated ?? NO_HOST;
  if (stated !== undefined && !isSameHost(stated, authority.host, authority.defaultPort)) {
    throw new HttpParseError(400, "bad_host", "target and Host name different servers");
  }
  return authority.host;
}

function expectsContinue(expect: string, version: 10 | 11, framing: RequestFraming): boolean {
  // RFC 9110 section 10.1.1: an expectation in HTTP/1.0 is ignored.
  if (version === 10) return false;
  for (const expectation of splitList(expect.toLowerCase())) {
    if (expectation !== "100-continue") {
      throw new HttpParseError(417, "expectation_failed", "expectation other than 100-continue");
    }
  }
  return framing.kind !== "none";
}

function upgradeProtocols(facts: HeadFacts, version: 10 | 11): readonly string[] | undefined {
  // RFC 9110 section 7.8: ignored in HTTP/1.0, and meant for another hop when not in Connection.
  if (version === 10 || !facts.connection.includes("upgrade")) return undefined;
  const protocols = splitList((facts.upgrade ?? "").toLowerCase());
  return protocols.length === 0 ? undefined : protocols;
}

function badLine(detail: string): HttpParseError {
  return new HttpParseError(400, "bad_request", detail);
}
