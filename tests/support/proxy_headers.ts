import { crc32c } from "../../lib/net/crc32c.ts";
import { V2_SIGNATURE } from "../../lib/net/proxy_header.ts";

/** A header of version 2 as bytes, with its length before `content`. */
export function binaryHeader(
  versionAndCommand: number,
  familyAndProtocol: number,
  content: readonly number[],
): Uint8Array {
  const { length } = content;
  const head = [versionAndCommand, familyAndProtocol, length >> 8, length & 0xff];
  return Uint8Array.from([...V2_SIGNATURE, ...head, ...content]);
}

/** Client 192.0.2.1:56324, server 198.51.100.7:443. */
export const ADDRESSES_4 = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0x01, 0xbb];

/** Client [2001:db8::1]:56324, server [::1]:443. */
export const ADDRESSES_6 = [
  ...[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0xdc, 0x04, 0x01, 0xbb],
];

/** One part of a header of version 2. */
export function tlv(type: number, value: readonly number[]): number[] {
  return [type, value.length >> 8, value.length & 0xff, ...value];
}

/** A header for those IPv4 addresses with a checksum, that is wrong by `error`, and `parts`. */
export function summedHeader({ error = 0, parts = tlv(1, [7]) } = {}): Uint8Array {
  const bytes = binaryHeader(0x21, 0x11, [...ADDRESSES_4, ...tlv(3, [0, 0, 0, 0]), ...parts]);
  const sum = crc32c(bytes);
  new DataView(bytes.buffer).setUint32(16 + ADDRESSES_4.length + 3, (sum + error) >>> 0);
  return bytes;
}

/** A line of version 1. */
export function textHeader(line: string): Uint8Array {
  return new TextEncoder().encode(`${line}\r\n`);
}
