import { assertEquals, assertNotEquals } from "@std/assert";
import type { HashKey } from "../../lib/config/types.ts";
import { DEFAULT_HEAD_LIMITS } from "../../lib/http/limits.ts";
import { parseRequestHead, type RequestHead } from "../../lib/http/request_head.ts";
import { decodeLatin1Fast } from "../../lib/net/latin1.ts";
import {
  clientAddress,
  connectionKey,
  type KeyClient,
  requestKey,
} from "../../lib/proxy/affinity_key.ts";
import { seededRandom } from "../support/seeded_random.ts";

const PEER: KeyClient = { address: "192.0.2.1", isTrusted: () => false };
/** A peer among the trusted proxies of 10.0.0.0/8. */
const PROXY: KeyClient = {
  address: "10.0.0.1",
  isTrusted: (address) => address.startsWith("10."),
};

function headOf(target: string, ...fields: string[]): RequestHead {
  const lines = [`GET ${target} HTTP/1.1`, "Host: a", ...fields, "", ""];
  const bytes = new TextEncoder().encode(lines.join("\r\n"));
  return parseRequestHead(bytes, 0, bytes.length, DEFAULT_HEAD_LIMITS, decodeLatin1Fast);
}

function keyOf(hashKey: HashKey, head: RequestHead, client = PEER): number {
  return requestKey(hashKey, seededRandom(1))!(client, head);
}

Deno.test("requestKey() and connectionKey() are absent where the algorithm goes by no key", () => {
  assertEquals(requestKey(undefined, seededRandom(1)), undefined);
  assertEquals(connectionKey(undefined), undefined);
});

const SAME: readonly [title: string, key: HashKey, a: RequestHead, b: RequestHead][] = [
  [
    "a header, whatever its case",
    { kind: "header", name: "x-user" },
    headOf("/", "X-User: 7"),
    headOf("/b", "x-user:7"),
  ],
  [
    "a cookie among others",
    { kind: "cookie", name: "sid" },
    headOf("/", "Cookie: sid=7"),
    headOf("/", "Cookie: a=1; sid=7; b=2"),
  ],
  [
    "the first of two cookies",
    { kind: "cookie", name: "sid" },
    headOf("/", "Cookie: sid=7"),
    headOf("/", "Cookie: sid=7; sid=8"),
  ],
  [
    "a parameter of the query",
    { kind: "query", name: "id" },
    headOf("/?id=7"),
    headOf("/x?a=1&id=7&b=2"),
  ],
  ["the path without its query", { kind: "path" }, headOf("/a?x=1"), headOf("/a?y=2")],
  ["the client", { kind: "client_ip" }, headOf("/a"), headOf("/b", "X-Forwarded-For: 1.2.3.4")],
];

for (const [title, key, a, b] of SAME) {
  Deno.test(`requestKey() is the same for ${title}`, () => {
    assertEquals(keyOf(key, a), keyOf(key, b));
  });
}

const OTHER: readonly [title: string, key: HashKey, a: RequestHead, b: RequestHead][] = [
  [
    "values of a header",
    { kind: "header", name: "x-user" },
    headOf("/", "X-User: 7"),
    headOf("/", "X-User: 8"),
  ],
  [
    "values of a cookie",
    { kind: "cookie", name: "sid" },
    headOf("/", "Cookie: sid=7"),
    headOf("/", "Cookie: xsid=7; sid=8"),
  ],
  [
    "values of a parameter",
    { kind: "query", name: "id" },
    headOf("/?id=7"),
    headOf("/?xid=7&id=8"),
  ],
  ["paths", { kind: "path" }, headOf("/a"), headOf("/b")],
];

for (const [title, key, a, b] of OTHER) {
  Deno.test(`requestKey() differs for other ${title}`, () => {
    assertNotEquals(keyOf(key, a), keyOf(key, b));
  });
}

const NAMED: readonly HashKey[] = [
  { kind: "header", name: "x-user" },
  { kind: "cookie", name: "sid" },
  { kind: "query", name: "id" },
];

for (const key of NAMED) {
  Deno.test(`requestKey() spreads requests that have no ${key.kind} of that name`, () => {
    const keyFor = requestKey(key, seededRandom(1))!;
    const head = headOf("/?idx=1", "Cookie: sidx=1");

    const keys = new Set(Array.from({ length: 100 }, () => keyFor(PEER, head)));

    assertEquals(keys.size, 100);
  });
}

Deno.test("requestKey() and connectionKey() agree on a client, over IPv4 and mapped into IPv6", () => {
  const connection = connectionKey({ kind: "client_ip" })!;

  assertEquals(connection("192.0.2.1"), keyOf({ kind: "client_ip" }, headOf("/")));
  assertEquals(connection("::ffff:192.0.2.1"), connection("192.0.2.1"));
  assertNotEquals(connection("192.0.2.2"), connection("192.0.2.1"));
});

Deno.test("requestKey() takes neighbours of one network for the same, where the algorithm does", () => {
  const network = connectionKey({ kind: "network" })!;

  assertEquals(network("192.0.2.1"), network("192.0.2.200"));
  assertNotEquals(network("192.0.2.1"), network("192.0.3.1"));
  assertEquals(keyOf({ kind: "network" }, headOf("/")), network("192.0.2.99"));
});

Deno.test("connectionKey() is the same for all peers on a Unix socket", () => {
  assertEquals(connectionKey({ kind: "client_ip" })!(undefined), 0);
  assertEquals(connectionKey({ kind: "network" })!(undefined), 0);
});

const CHAINS: readonly [fields: string[], client: string][] = [
  [[], "10.0.0.1"],
  [["X-Forwarded-For: 192.0.2.9"], "192.0.2.9"],
  [["X-Forwarded-For: 6.6.6.6, 192.0.2.9, 10.0.0.2"], "192.0.2.9"],
  [["X-Forwarded-For: 6.6.6.6, 192.0.2.9", "X-Forwarded-For: 10.0.0.2"], "192.0.2.9"],
  [["X-Forwarded-For: 10.0.0.3, 10.0.0.2"], "10.0.0.3"],
  [["X-Forwarded-For: 6.6.6.6, unknown, 10.0.0.2"], "10.0.0.2"],
  [["X-Forwarded-For: 192.0.2.9,"], "10.0.0.1"],
  [["X-Forwarded-For: 2001:db8::1, 10.0.0.2"], "2001:db8::1"],
];

for (const [fields, client] of CHAINS) {
  Deno.test(`clientAddress() behind a trusted proxy is ${client} by ${fields}`, () => {
    assertEquals(clientAddress(PROXY, headOf("/", ...fields)), client);
  });
}

Deno.test("clientAddress() believes no stranger", () => {
  assertEquals(clientAddress(PEER, headOf("/", "X-Forwarded-For: 10.0.0.2")), "192.0.2.1");
});
