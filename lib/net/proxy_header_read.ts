import type { TcpAddress } from "../core/address.ts";
import { formatIp, parseIp } from "../core/cidr.ts";
import { crc32c } from "./crc32c.ts";
import {
  MAX_V1_BYTES,
  type ProxyHeader,
  type ProxyTlv,
  TLV_CRC32C,
  TLV_NOOP,
  V2_SIGNATURE,
} from "./proxy_header.ts";

/** What the first bytes of a connection say. */
export type ProxyHeaderRead =
  /** They are the start of a header. */
  | { readonly kind: "more" }
  | { readonly kind: "header"; readonly header: ProxyHeader; readonly sizeBytes: number }
  | { readonly kind: "malformed"; readonly reason: string };

/** The longest header that is read, as in NGINX. What proxies in use send is under 1 KiB. */
export const MAX_PROXY_HEADER_BYTES = 4096;

/**
 * Reads a PROXY header of version 1 or 2 at the start of `bytes`. What cannot become one is told from
 * its first wrong byte on, so that nobody waits for more of it.
 *
 * @see https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeaderRead {
  const first = bytes[0];
  if (first === undefined) return MORE;
  try {
    return first === V2_SIGNATURE[0] ? readBinary(bytes) : readText(bytes);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { kind: "malformed", reason: error.message };
  }
}

const MORE: ProxyHeaderRead = { kind: "more" };

class MalformedError extends Error {}

function assertShape(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new MalformedError(reason);
}

const V1_START = [..."PROXY "].map((char) => char.charCodeAt(0));

function readText(bytes: Uint8Array): ProxyHeaderRead {
  assertShape(startsLike(bytes, V1_START), "no PROXY header");
  // The last of all bytes that a header may have is its line feed.
  const end = bytes.subarray(0, MAX_V1_BYTES - 1).indexOf(CR);
  if (end === -1 || end === bytes.length - 1) {
    assertShape(bytes.length < MAX_V1_BYTES, `no line end within ${MAX_V1_BYTES} bytes`);
    return MORE;
  }
  assertShape(bytes[end + 1] === LF, "carriage return without line feed");
  const line = String.fromCharCode(...bytes.subarray(V1_START.length, end));
  return { kind: "header", header: readLine(line), sizeBytes: end + 2 };
}

const CR = 0x0d;
const LF = 0x0a;

function readLine(line: string): ProxyHeader {
  const [family, ...rest] = line.split(" ");
  // Section 2.1: what follows is to be ignored.
  if (family === "UNKNOWN") return { version: 1, command: "proxy" };
  assertShape(family === "TCP4" || family === "TCP6", "family is none of TCP4, TCP6 and UNKNOWN");
  assertShape(rest.length === 4, "no two addresses and two ports");
  const [source = "", destination = "", sourcePort = "", destinationPort = ""] = rest;
  return {
    version: 1,
    command: "proxy",
    source: readEndpoint(family, source, sourcePort),
    destination: readEndpoint(family, destination, destinationPort),
  };
}

function readEndpoint(family: "TCP4" | "TCP6", address: string, port: string): TcpAddress {
  const ip = parseIp(address);
  assertShape(
    ip !== undefined && address.includes(":") === (family === "TCP6"),
    `address is none of ${family}`,
  );
  assertShape(/^(0|[1-9]\d{0,4})$/.test(port) && Number(port) <= 65_535, "port is none");
  return { kind: "tcp", hostname: formatIp(ip), port: Number(port) };
}

/** Signature, version and command, family and protocol, length. */
const V2_HEAD_BYTES = 16;
/** Bytes of both addresses, by family: unknown, IPv4 and IPv6 with ports, Unix. */
const ADDRESS_BYTES = [0, 12, 36, 216] as const;
/** Protocol of a byte stream. */
const STREAM = 1;

function readBinary(bytes: Uint8Array): ProxyHeaderRead {
  assertShape(startsLike(bytes, V2_SIGNATURE), "no PROXY header");
  const [versionAndCommand, familyAndProtocol] = bytes.subarray(V2_SIGNATURE.length);
  if (versionAndCommand === undefined) return MORE;
  assertShape(versionAndCommand >> 4 === 2, "version is not 2");
  assertShape((versionAndCommand & 0xf) <= 1, "command is neither LOCAL nor PROXY");
  if (familyAndProtocol === undefined || bytes.length < V2_HEAD_BYTES) return MORE;
  const family = familyAndProtocol >> 4;
  const protocol = familyAndProtocol & 0xf;
  assertShape(family <= 3 && protocol <= 2, "family or protocol is not known");
  const sizeBytes = V2_HEAD_BYTES + (bytes[14]! << 8 | bytes[15]!);
  const limit = MAX_PROXY_HEADER_BYTES;
  assertShape(sizeBytes <= limit, `longer than ${limit} bytes`);
  if (bytes.length < sizeBytes) return MORE;
  const whole = bytes.subarray(0, sizeBytes);
  // Section 2.2: what a LOCAL header holds is to be passed over.
  const header: ProxyHeader = (versionAndCommand & 0xf) === 0
    ? { version: 2, command: "local" }
    : readProxied(whole, family, protocol === STREAM);
  return { kind: "header", header, sizeBytes };
}

function readProxied(whole: Uint8Array, family: number, isStream: boolean): ProxyHeader {
  const addressBytes = ADDRESS_BYTES[family] ?? 0;
  assertShape(whole.length >= V2_HEAD_BYTES + addressBytes, "too short for its addresses");
  const tlvs = readTlvs(whole, V2_HEAD_BYTES + addressBytes);
  const base = { version: 2, command: "proxy", ...(tlvs.length === 0 ? {} : { tlvs }) } as const;
  // As with UNKNOWN: no address that a client of a TCP listener may have.
  if (!isStream || (family !== 1 && family !== 2)) return base;
  const view = new DataView(whole.buffer, whole.byteOffset + V2_HEAD_BYTES, addressBytes);
  const width = family === 1 ? 4 : 16;
  return {
    ...base,
    source: readTcp(view, width, 0),
    destination: readTcp(view, width, 1),
  };
}

/** Two addresses, then two ports. */
function readTcp(view: DataView, width: 4 | 16, place: 0 | 1): TcpAddress {
  const port = view.getUint16(2 * width + 2 * place);
  return { kind: "tcp", hostname: formatIp(readIp(view, place * width, width)), port };
}

function readIp(view: DataView, at: number, width: 4 | 16): bigint {
  if (width === 4) return 0xffffn << 32n | BigInt(view.getUint32(at));
  return view.getBigUint64(at) << 64n | view.getBigUint64(at + 8);
}

function readTlvs(whole: Uint8Array, start: number): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  for (let at = start; at < whole.length;) {
    assertShape(at + 3 <= whole.length, "a TLV has no length");
    const type = whole[at]!;
    const from = at + 3;
    const to = from + (whole[at + 1]! << 8 | whole[at + 2]!);
    assertShape(to <= whole.length, "a TLV is longer than the header");
    if (type === TLV_CRC32C) checkSum(whole, from, to);
    // Both are of this header alone, and would be wrong in the next one.
    else if (type !== TLV_NOOP) tlvs.push({ type, value: whole.slice(from, to) });
    at = to;
  }
  return tlvs;
}

/** Section 2.2.3: it was worked out with zeros in its place. */
function checkSum(whole: Uint8Array, from: number, to: number): void {
  assertShape(to - from === 4, "checksum has not four bytes");
  const told = new DataView(whole.buffer, whole.byteOffset + from).getUint32(0);
  const blank = whole.slice();
  blank.fill(0, from, to);
  assertShape(crc32c(blank) === told, "checksum is wrong");
}

/** Whether `bytes` begin with `start`, or may once there are more of them. */
function startsLike(bytes: Uint8Array, start: readonly number[]): boolean {
  const length = Math.min(bytes.length, start.length);
  for (let at = 0; at < length; at++) if (bytes[at] !== start[at]) return false;
  return true;
}
