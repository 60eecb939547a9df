/** A block of IP addresses, from its first to its last. IPv4 is kept as IPv4-mapped IPv6. */
export interface Cidr {
  readonly first: bigint;
  readonly last: bigint;
}

/** Where IPv4 is mapped into IPv6 (RFC 4291 section 2.5.5.2). */
export const MAPPED = 0xffffn << 32n;

/**
 * Reads `10.0.0.0/8`, `fd00::/8`, or an address alone, which stands for itself.
 *
 * @throws {SyntaxError} naming what is wrong and what is wanted.
 */
export function parseCidr(text: string): Cidr {
  const match = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text);
  const address = match?.[1] ?? "";
  const first = parseIp(address);
  if (match === null || first === undefined) {
    throw new SyntaxError("must be an IP address or a block, like 10.0.0.0/8 or fd00::/8");
  }
  const widest = address.includes(":") ? 128 : 32;
  const bits = match[2] === undefined ? widest : Number(match[2]);
  if (bits > widest) throw new SyntaxError(`prefix length must be 0 to ${widest}`);
  const rest = (1n << BigInt(widest - bits)) - 1n;
  if ((first & rest) !== 0n) {
    throw new SyntaxError("must have no bits set after the prefix, like 10.0.0.0/8");
  }
  return { first, last: first | rest };
}

/** IP address as a number, IPv4 mapped into IPv6; `undefined` when the text is none. */
export function parseIp(text: string): bigint | undefined {
  if (!text.includes(":")) {
    const ipv4 = parseIpv4(text);
    return ipv4 === undefined ? undefined : MAPPED | BigInt(ipv4);
  }
  return parseIpv6(text);
}

/** The one way to write an IP address (RFC 5952); IPv4 that is mapped into IPv6 as IPv4. */
export function formatIp(ip: bigint): string {
  if (ip >> 32n === 0xffffn) {
    return [24n, 16n, 8n, 0n].map((shift) => String(ip >> shift & 0xffn)).join(".");
  }
  const groups = Array.from({ length: 8 }, (_, index) => ip >> BigInt(112 - 16 * index) & 0xffffn);
  const { start, length } = longestZeros(groups);
  const text = (part: readonly bigint[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** RFC 5952 section 4.2.3: of runs that are as long, the first. */
function longestZeros(groups: readonly bigint[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < groups.length;) {
    let end = start;
    while (groups[end] === 0n) end++;
    if (end - start > longest.length) longest = { start, length: end - start };
    start = end + 1;
  }
  return longest;
}

/** An IPv4 address as a number below 2^32; `undefined` when the text is none. */
export function parseIpv4(text: string): number | undefined {
  let value = 0;
  let octet = -1;
  let octets = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : DOT;
    if (code === DOT) {
      if (octet < 0 || ++octets > 4) return undefined;
      value = value * 256 + octet;
      octet = -1;
      continue;
    }
    // "010" is ten to one reader and eight to another: such an address is none.
    if (code < ZERO || code > ZERO + 9 || octet === 0) return undefined;
    octet = Math.max(octet, 0) * 10 + code - ZERO;
    if (octet > 255) return undefined;
  }
  return octets === 4 ? value : undefined;
}

const DOT = 0x2e;
const ZERO = 0x30;

/** An IPv6 address (RFC 4291 section 2.2, in all three forms); `undefined` when the text is none. */
export function parseIpv6(text: string): bigint | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = "", tail] = halves;
  const before = parseGroups(head, tail === undefined);
  const after = tail === undefined ? [] : parseGroups(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  return groups.reduce((value, group) => value << 16n | BigInt(group), 0n);
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (/^[\da-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const ipv4 = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 === undefined) return undefined;
    groups.push(ipv4 >>> 16, ipv4 & 0xffff);
  }
  return groups;
}
