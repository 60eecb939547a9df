import { hashText } from "../ds/hash.ts";
import { parseIp } from "./cidr.ts";

/** How many keys {@linkcode networkKey} knows; they are 0 to this less one. */
export const NETWORK_KEYS = 6271;

/**
 * The key of a client's network, as NGINX `ip_hash` computes it (`ngx_http_upstream_ip_hash_module.c`):
 * of the first three octets of an IPv4 address, so that a /24 has one key, and of all sixteen of an
 * IPv6 address. IPv4 mapped into IPv6 is IPv4 here.
 *
 * @param address IP literal without brackets; a zone (`%eth0`) is ignored
 * @returns 0 to 6270, or for what is no IP address (the peer of a Unix socket) the hash of the text
 */
export function networkKey(address: string): number {
  const zone = address.indexOf("%");
  const ip = parseIp(zone < 0 ? address : address.slice(0, zone));
  if (ip === undefined) return hashText(address);
  return (ip >> 32n) === MAPPED_PREFIX ? keyOf(ip >> 8n, 3) : keyOf(ip, 16);
}

/** The upper 96 bits of IPv4 in IPv6 (RFC 4291 section 2.5.5.2). */
const MAPPED_PREFIX = 0xffffn;

/** Of the lowest `count` octets of `octets`, the highest first. */
function keyOf(octets: bigint, count: number): number {
  let key = 89;
  for (let shift = 8 * (count - 1); shift >= 0; shift -= 8) {
    const octet = Number((octets >> BigInt(shift)) & 0xffn);
    key = (key * 113 + octet) % NETWORK_KEYS;
  }
  return key;
}
