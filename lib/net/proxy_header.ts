import type { TcpAddress } from "../core/address.ts";

/**
 * What a proxy says at the start of a connection about where it came from: the PROXY protocol of
 * HAProxy (doc/proxy-protocol.txt).
 */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** `local`: the proxy speaks for itself, as in its health checks. */
  readonly command: "proxy" | "local";
  /** Absent: not known, or no TCP over IP. */
  readonly source?: TcpAddress;
  readonly destination?: TcpAddress;
  /** What else version 2 says, in order, as it came; without checksum and padding. */
  readonly tlvs?: readonly ProxyTlv[];
}

/** A part of a header of version 2: section 2.2 of the specification. */
export interface ProxyTlv {
  /** 0 to 255. */
  readonly type: number;
  readonly value: Uint8Array;
}

/** Checksum over the whole header. */
export const TLV_CRC32C = 0x03;
/** Padding. */
export const TLV_NOOP = 0x04;
/** The longest header of version 1, with its line end. */
export const MAX_V1_BYTES = 107;
/** What a header of version 2 begins with. */
export const V2_SIGNATURE: readonly number[] = [
  0x0d,
  0x0a,
  0x0d,
  0x0a,
  0x00,
  0x0d,
  0x0a,
  0x51,
  0x55,
  0x49,
  0x54,
  0x0a,
];
