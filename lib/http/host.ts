import { CLASS, DIGIT, HEX, HOST_CHAR, UPPER } from "./chars.ts";
import { HttpParseError } from "./parse_error.ts";

/** The server a request is for: `host` and `port` of RFC 3986 section 3.2. */
export interface HostName {
  /** Lower case, without port and trailing dot; IPv6 literals keep their brackets. */
  readonly name: string;
  /** 0 to 65535, absent when none was given. */
  readonly port: number | undefined;
}

/** RFC 1035 section 2.3.4: no name is longer, and names become keys of tables. */
const MAX_NAME_BYTES = 255;

/**
 * Reads a `Host` value or the authority of a target.
 *
 * @throws {HttpParseError} for user information, a port that is none, and whatever is no host
 */
export function parseHostName(text: string): HostName {
  const nameEnd = text.charCodeAt(0) === 0x5b ? scanIpv6(text) : scanName(text);
  if (nameEnd === 0) throw badHost("host is empty");
  if (nameEnd > MAX_NAME_BYTES) throw badHost("host is over 255 bytes");
  return { name: normalise(text, nameEnd), port: parsePortAfter(text, nameEnd) };
}

/** Whether two authorities name the same server under a scheme with that default port. */
export function isSameHost(one: HostName, other: HostName, defaultPort: number): boolean {
  return one.name === other.name && (one.port ?? defaultPort) === (other.port ?? defaultPort);
}

/** The offset of the first character that is no part of a name. */
function scanName(text: string): number {
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((CLASS[code]! & HOST_CHAR) === 0) break;
    if (code === 0x25) assertPercent(text, at);
  }
  return at;
}

function assertPercent(text: string, at: number): void {
  const isEncoded = at + 2 < text.length && HEX[text.charCodeAt(at + 1)] !== 255 &&
    HEX[text.charCodeAt(at + 2)] !== 255;
  if (!isEncoded) throw badHost("host holds a percent sign that encodes nothing");
}

/** The offset after the closing bracket. */
function scanIpv6(text: string): number {
  const close = text.indexOf("]");
  const inside = text.slice(1, close);
  // The URL parser also takes what is no address in brackets, such as a tab or a percent sign.
  if (close === -1 || !/^[0-9A-Fa-f:.]+$/.test(inside) || !URL.canParse(`http://[${inside}]/`)) {
    throw badHost("host is no IPv6 address");
  }
  return close + 1;
}

function parsePortAfter(text: string, nameEnd: number): number | undefined {
  if (nameEnd === text.length) return undefined;
  if (text.charCodeAt(nameEnd) !== 0x3a) throw badHost("host holds a forbidden byte");
  let port = 0;
  for (let at = nameEnd + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((CLASS[code]! & DIGIT) === 0) throw badHost("port is no number");
    port = port * 10 + code - 0x30;
    if (port > 65_535) throw badHost("port is over 65535");
  }
  // RFC 3986 section 3.2.3 lets the digits be missing.
  return nameEnd + 1 === text.length ? undefined : port;
}

function normalise(text: string, nameEnd: number): string {
  let upper = 0;
  for (let at = 0; at < nameEnd; at++) upper |= CLASS[text.charCodeAt(at)]! & UPPER;
  const hasDot = nameEnd > 1 && text.charCodeAt(nameEnd - 1) === 0x2e;
  const end = hasDot ? nameEnd - 1 : nameEnd;
  const name = end === text.length ? text : text.slice(0, end);
  return upper === 0 ? name : name.toLowerCase();
}

function badHost(detail: string): HttpParseError {
  return new HttpParseError(400, "bad_host", detail);
}
