/** A block of IP addresses, from its first to its last. IPv4 is kept as IPv4-mapped IPv6. */
export interface Cidr {
  readonly first: bigint;
  readonly last: bigint;
}

/** Where IPv4 is mapped into IPv6 (RFC 4291 section 2.5.5.2). */
const MAPPED = 0xffffn << 32n;

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

/** IP addresses by block: a binary search over ranges that neither touch nor overlap. */
export class CidrSet {
  readonly #firsts4: number[] = [];
  readonly #lasts4: number[] = [];
  readonly #firsts6: bigint[] = [];
  readonly #lasts6: bigint[] = [];

  constructor(cidrs: Iterable<Cidr>) {
    for (const { first, last } of merge([...cidrs])) {
      this.#firsts6.push(first);
      this.#lasts6.push(last);
      // A range may reach beyond what IPv4 is mapped to: ::/0 holds every IPv4 address.
      const low = first > MAPPED ? first : MAPPED;
      const high = last < (MAPPED | 0xffffffffn) ? last : MAPPED | 0xffffffffn;
      if (low > high) continue;
      this.#firsts4.push(Number(low - MAPPED));
      this.#lasts4.push(Number(high - MAPPED));
    }
  }

  /** Holds the set that address? `false` for what is no address; a zone (`%eth0`) is ignored. */
  has(address: string): boolean {
    if (this.#firsts6.length === 0) return false;
    if (!address.includes(":")) {
      const ipv4 = parseIpv4(address);
      return ipv4 !== undefined && isWithin(ipv4, this.#firsts4, this.#lasts4);
    }
    const zone = address.indexOf("%");
    const ipv6 = parseIpv6(zone < 0 ? address : address.slice(0, zone));
    return ipv6 !== undefined && isWithin(ipv6, this.#firsts6, this.#lasts6);
  }
}

function merge(cidrs: Cidr[]): Cidr[] {
  cidrs.sort((a, b) => a.first < b.first ? -1 : a.first > b.first ? 1 : 0);
  const merged: Cidr[] = [];
  for (const cidr of cidrs) {
    const before = merged.at(-1);
    if (before === undefined || cidr.first > before.last + 1n) merged.push(cidr);
    else if (cidr.last > before.last) {
      merged[merged.length - 1] = { first: before.first, last: cidr.last };
    }
  }
  return merged;
}

/** `firsts` is sorted, and `lasts` has the other end of each range. */
function isWithin<T extends number | bigint>(
  value: T,
  firsts: readonly T[],
  lasts: readonly T[],
): boolean {
  let low = 0;
  let high = firsts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (firsts[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value <= lasts[low - 1]!;
}

function parseIpv4(text: string): number | undefined {
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

/** RFC 4291 section 2.2, in all three forms. */
function parseIpv6(text: string): bigint | undefined {
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
