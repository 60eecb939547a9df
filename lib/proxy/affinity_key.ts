import type { HashKey } from "../config/types.ts";
import { parseIp } from "../core/cidr.ts";
import { networkKey } from "../core/network_key.ts";
import { hashText } from "../ds/hash.ts";
import type { RequestHead } from "../http/request_head.ts";

/** What of a client's connection a key may be made of. */
export interface KeyClient {
  /** IP address; absent on a Unix socket. */
  readonly address: string | undefined;
  /** May the peer at that address say where requests came from? */
  readonly isTrusted: (address: string) => boolean;
}

/** The 32-bit key by which a request finds its backend. */
export type RequestKey = (client: KeyClient, head: RequestHead) => number;

/** How a connection's key is made from its peer's IP address. */
export type ConnectionKey = (address: string | undefined) => number;

/** The key of a TCP connection; absent where the algorithm does not go by one. */
export function connectionKey(hashKey: HashKey | undefined): ConnectionKey | undefined {
  if (hashKey === undefined) return undefined;
  return hashKey.kind === "network" ? hashNetwork : hashAddress;
}

/**
 * The key of a request; absent where the algorithm does not go by one.
 *
 * @param random draws the key of a request that has no such header, cookie or parameter: such
 *   requests spread, where a fixed key would put all of them on one backend
 */
export function requestKey(
  hashKey: HashKey | undefined,
  random: () => number,
): RequestKey | undefined {
  if (hashKey === undefined) return undefined;
  switch (hashKey.kind) {
    case "network":
      return (client, head) => hashNetwork(clientAddress(client, head));
    case "client_ip":
      return (client, head) => hashAddress(clientAddress(client, head));
    case "path":
      return (_, head) => hashText(head.path);
    default:
      return namedKey(hashKey, random);
  }
}

type NamedKey = Extract<HashKey, { name: string }>;

function namedKey(key: NamedKey, random: () => number): RequestKey {
  return (_, head) => {
    const value = namedValue(key, head);
    return value === undefined ? Math.floor(random() * 2 ** 32) : hashText(value);
  };
}

/** The value of a header, cookie or query parameter, as it is written. */
export function namedValue({ kind, name }: NamedKey, head: RequestHead): string | undefined {
  return READERS[kind](head, name);
}

const READERS: Readonly<
  Record<NamedKey["kind"], (head: RequestHead, name: string) => string | undefined>
> = {
  header: (head, name) => head.fields.get(name),
  cookie: (head, name) => valueIn(head.fields.get("cookie"), ";", name),
  query: (head, name) => valueIn(head.query, "&", name),
};

/**
 * The address that a request came from: the last hop of `X-Forwarded-For` that is no trusted proxy,
 * or else the first one. An untrusted peer is the client, whatever it says.
 */
export function clientAddress(
  { address, isTrusted }: KeyClient,
  head: RequestHead,
): string | undefined {
  if (address === undefined || !isTrusted(address)) return address;
  let client = address;
  const hops = head.fields.getAll("x-forwarded-for").join(",").split(",");
  for (const hop of hops.reverse()) {
    const text = hop.trim();
    if (parseIp(text) === undefined) break;
    client = text;
    if (!isTrusted(text)) break;
  }
  return client;
}

/** The value of `name` in `name=value` pairs: the first of that name, as it is written. */
function valueIn(
  pairs: string | undefined,
  separator: string,
  name: string,
): string | undefined {
  if (pairs === undefined) return undefined;
  for (let at = 0; at < pairs.length;) {
    const next = pairs.indexOf(separator, at);
    const end = next === -1 ? pairs.length : next;
    while (pairs.charCodeAt(at) === SPACE) at++;
    if (pairs.startsWith(name, at) && pairs.charCodeAt(at + name.length) === EQUALS) {
      return pairs.slice(at + name.length + 1, end);
    }
    at = end + 1;
  }
  return undefined;
}

const SPACE = 0x20;
const EQUALS = 0x3d;

function hashAddress(address: string | undefined): number {
  // What came over IPv6 as IPv4 is the same client.
  return address === undefined ? 0 : hashText(address.replace(/^::ffff:(?=[\d.]+$)/i, ""));
}

function hashNetwork(address: string | undefined): number {
  return address === undefined ? 0 : networkKey(address);
}
