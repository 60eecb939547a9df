import type { TcpAddress } from "../core/address.ts";
import { parseIp } from "../core/cidr.ts";
import { type ProxyHeader, type ProxyTlv, V2_SIGNATURE } from "./proxy_header.ts";

/**
 * Writes the header of the PROXY protocol (HAProxy's doc/proxy-protocol.txt). Addresses that are not
 * known are UNKNOWN in version 1 and unspecified in version 2; `local` says no address. Version 1
 * has no place for what else a header may hold; in version 2 parts that do not fit are left out.
 */
export function writeProxyHeader(header: ProxyHeader): Uint8Array {
  const pair = header.command === "local" ? undefined : pairOf(header);
  return header.version === 1 ? ENCODER.encode(writeText(pair)) : writeBinary(header, pair);
}

/** Both ends, in one family. */
interface Pair {
  readonly isIpv4: boolean;
  readonly ips: readonly [source: bigint, destination: bigint];
  readonly texts: readonly [source: string, destination: string];
  readonly ports: readonly [source: number, destination: number];
}

function pairOf({ source, destination }: ProxyHeader): Pair | undefined {
  if (source === undefined || destination === undefined) return undefined;
  const [from, to] = [ipOf(source), ipOf(destination)];
  if (from === undefined || to === undefined) return undefined;
  const isIpv4 = isMapped(from) && isMapped(to);
  return {
    isIpv4,
    ips: [from, to],
    texts: [textOf(source, from, isIpv4), textOf(destination, to, isIpv4)],
    ports: [source.port, destination.port],
  };
}

/** IPv6 of a link has a zone that means nothing elsewhere. */
function ipOf({ hostname }: TcpAddress): bigint | undefined {
  return parseIp(hostname.replace(/%.*$/, ""));
}

/** IPv4, as part of IPv6 (RFC 4291 section 2.5.5.2). */
function isMapped(ip: bigint): boolean {
  return ip >> 32n === 0xffffn;
}

function textOf({ hostname }: TcpAddress, ip: bigint, isIpv4: boolean): string {
  if (!isMapped(ip)) return hostname.replace(/%.*$/, "");
  const octets = [24n, 16n, 8n, 0n].map((shift) => (ip >> shift) & 0xffn).join(".");
  return isIpv4 ? octets : `::ffff:${octets}`;
}

/** Section 2.1. */
function writeText(pair: Pair | undefined): string {
  if (pair === undefined) return "PROXY UNKNOWN\r\n";
  const { isIpv4, texts, ports } = pair;
  return `PROXY ${isIpv4 ? "TCP4" : "TCP6"} ${texts.join(" ")} ${ports.join(" ")}\r\n`;
}

/** Section 2.2. */
function writeBinary({ command, tlvs = [] }: ProxyHeader, pair: Pair | undefined): Uint8Array {
  const addressBytes = pair === undefined ? 0 : pair.isIpv4 ? IPV4_BYTES : IPV6_BYTES;
  const parts = command === "local" ? [] : fitting(tlvs, MAX_LENGTH - addressBytes);
  const tlvBytes = parts.reduce((sum, { value }) => sum + TLV_HEAD_BYTES + value.length, 0);
  const bytes = new Uint8Array(FIXED_BYTES + addressBytes + tlvBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(V2_SIGNATURE);
  bytes[12] = command === "local" ? VERSION_LOCAL : VERSION_PROXY;
  bytes[13] = pair === undefined ? UNSPECIFIED : pair.isIpv4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
  view.setUint16(14, addressBytes + tlvBytes);
  if (pair !== undefined) writePair(view, pair);
  writeTlvs(view, FIXED_BYTES + addressBytes, parts);
  return bytes;
}

function writePair(view: DataView, { isIpv4, ips, ports }: Pair): void {
  let at = FIXED_BYTES;
  for (const ip of ips) {
    if (!isIpv4) {
      view.setBigUint64(at, ip >> 64n);
      view.setUint32(at + 8, Number((ip >> 32n) & 0xffffffffn));
      at += 12;
    }
    view.setUint32(at, Number(ip & 0xffffffffn));
    at += 4;
  }
  for (const port of ports) {
    view.setUint16(at, port);
    at += 2;
  }
}

function writeTlvs(view: DataView, from: number, tlvs: readonly ProxyTlv[]): void {
  let at = from;
  for (const { type, value } of tlvs) {
    view.setUint8(at, type);
    view.setUint16(at + 1, value.length);
    new Uint8Array(view.buffer).set(value, at + TLV_HEAD_BYTES);
    at += TLV_HEAD_BYTES + value.length;
  }
}

/** The first parts, as many as there is room for. */
function fitting(tlvs: readonly ProxyTlv[], roomBytes: number): readonly ProxyTlv[] {
  let left = roomBytes;
  const end = tlvs.findIndex(({ value }) => (left -= TLV_HEAD_BYTES + value.length) < 0);
  return end === -1 ? tlvs : tlvs.slice(0, end);
}

const ENCODER = new TextEncoder();
/** Signature, version and command, family, length. */
const FIXED_BYTES = 16;
const IPV4_BYTES = 12;
const IPV6_BYTES = 36;
const TLV_HEAD_BYTES = 3;
/** What the field for the length can say. */
const MAX_LENGTH = 0xffff;
const VERSION_LOCAL = 0x20;
const VERSION_PROXY = 0x21;
const UNSPECIFIED = 0x00;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
