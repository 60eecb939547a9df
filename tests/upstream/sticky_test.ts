import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { SharedTable } from "../../lib/core/shared_table.ts";
import type { Backend } from "../../lib/core/types.ts";
import { SharedBackend } from "../../lib/upstream/backend.ts";
import { StickyTable } from "../../lib/upstream/sticky.ts";
import { BalancedUpstream } from "../../lib/upstream/upstream.ts";
import { randomBytes, seededRandom, wholeBelow } from "../support/seeded_random.ts";
import { emptyUpstream } from "../support/upstreams.ts";

const TABLE = SharedTable.create({ workers: 1, backends: 3, upstreams: 1, listeners: 0 });
const BACKENDS = ["10.0.0.1:80", "10.0.0.2:80", "[::1]:80"].map((id, index) =>
  backendOf(id, index)
);
const HOUR_MS = 3_600_000;

function backendOf(id: string, index: number, table = TABLE, weight = 1): Backend {
  const address = { kind: "tcp", hostname: "127.0.0.1", port: 1 + index } as const;
  return new SharedBackend({ id, address, weight }, index, table);
}

function createTable(cookieName = "weir", secret = "s3cret", backends = BACKENDS) {
  return StickyTable.create(cookieName, secret, HOUR_MS, backends);
}

/** The pair of a Set-Cookie field, as a client sends it back. */
function pairOf(setCookie: string): string {
  return setCookie.slice(0, setCookie.indexOf(";"));
}

Deno.test("StickyTable recognizes each backend by the cookie that it set", async () => {
  const table = await createTable();

  for (const backend of BACKENDS) {
    assertEquals(table.backendFor(pairOf(table.setCookie(backend, false))), backend);
    assertEquals(table.backendFor(pairOf(table.setCookie(backend, true))), backend);
  }
});

Deno.test("StickyTable.setCookie() is a cookie for the whole site that scripts cannot read", async () => {
  const table = await createTable();

  assertMatch(
    table.setCookie(BACKENDS[0]!, false),
    /^weir=[A-Za-z0-9_-]{22}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/,
  );
  assertMatch(table.setCookie(BACKENDS[0]!, true), /; SameSite=Lax; Secure$/);
});

Deno.test("StickyTable.setCookie() rounds the time up to seconds, at least one", async () => {
  for (const [ttlMs, maxAge] of [[1, 1], [0, 1], [1000, 1], [1001, 2], [90_000, 90]] as const) {
    const table = await StickyTable.create("weir", "s3cret", ttlMs, BACKENDS);

    assert(table.setCookie(BACKENDS[0]!, false).includes(`; Max-Age=${maxAge};`));
  }
});

Deno.test("StickyTable.setCookie() refuses a backend that it does not know", async () => {
  const table = await createTable();

  assertThrows(
    () => table.setCookie(backendOf("other:80", 0), false),
    RangeError,
    'Cannot make cookie for "other:80": it is no backend of the table',
  );
});

Deno.test("StickyTable's value is the truncated HMAC-SHA-256 of the id", async () => {
  // RFC 4231 test case 2: key "Jefe", data "what do ya want for nothing?".
  const backend = backendOf("what do ya want for nothing?", 0);
  const table = await createTable("weir", "Jefe", [backend]);

  const value = pairOf(table.setCookie(backend, false)).slice("weir=".length);
  const padded = Uint8Array.fromBase64(value, { alphabet: "base64url" });

  assertEquals(padded.toHex(), "5bdcc146bf60754e6a042426089575c7");
});

Deno.test("StickyTable's values differ by secret and by backend, and repeat for the same", async () => {
  const secrets = ["a", "b", "s3cret", "s3cret"];
  const tables = await Promise.all(secrets.map((secret) => createTable("weir", secret)));

  const values = tables.map((table) => BACKENDS.map((backend) => table.setCookie(backend, false)));

  assertEquals(new Set(values.flat()).size, 9);
  assertEquals(values[2], values[3]);
  assertEquals(tables[0]!.backendFor(pairOf(values[1]![0]!)), undefined);
});

Deno.test("StickyTable.create() refuses a name that is no token, and an empty secret", async () => {
  for (const name of ["", "a b", "a;b", "a=b", "a\r\nb", "ä", "a,b", '"a"', "x".repeat(257)]) {
    await assertRejects(() => createTable(name), RangeError, "is no name of a cookie");
  }
  await assertRejects(() => createTable("weir", ""), RangeError, "the secret is empty");
});

Deno.test("StickyTable.backendFor() finds the cookie among others", async () => {
  const table = await createTable();
  const pair = pairOf(table.setCookie(BACKENDS[1]!, false));
  const headers = [
    pair,
    `a=b; ${pair}`,
    `a=b;${pair}`,
    `a=b; \t ${pair}`,
    `${pair}; a=b`,
    `${pair};`,
    `;;; ;${pair}`,
    `a; =; ; b==; ${pair}; c="d; e"`,
    `WEIR=x; weir2=y; xweir=z; ${pair}`,
    `weir=old; weir=; ${pair}`,
    `weir=${"A".repeat(22)}; ${pair}`,
    ` ${pair}`,
  ];

  for (const header of headers) assertEquals(table.backendFor(header), BACKENDS[1], header);
});

Deno.test("StickyTable.backendFor() takes the first of two", async () => {
  const table = await createTable();
  const [first, second] = BACKENDS.map((backend) => pairOf(table.setCookie(backend, false)));

  assertEquals(table.backendFor(`${second}; ${first}`), BACKENDS[1]);
});

Deno.test("StickyTable.backendFor() takes nothing but exactly what it set", async () => {
  const table = await createTable();
  const pair = pairOf(table.setCookie(BACKENDS[0]!, false));
  const token = pair.slice("weir=".length);
  const headers = [
    "",
    ";",
    " ",
    "weir",
    "weir=",
    token,
    `=${token}`,
    `weir =${token}`,
    `weir= ${token}`,
    `weir="${token}"`,
    `WEIR=${token}`,
    `xweir=${token}`,
    `weir==${token}`,
    `${pair} `,
    `${pair}\t; a=b`,
    `${pair}, a=b`,
    `${pair}A`,
    `${pair}=`,
    pair.slice(0, -1),
    `a=b, ${pair}`,
    `a=b ${pair}`,
    `weir=${token.toLowerCase()}`,
    `weir=${BACKENDS[0]!.id}`,
    `weir=${"A".repeat(22)}`,
    "weir=__proto__",
  ];

  for (const header of headers) assertEquals(table.backendFor(header), undefined, header);
  assertEquals(table.backendFor(undefined), undefined);
});

Deno.test("StickyTable.backendFor() looks only at the start of a huge field", async () => {
  const table = await createTable();
  const pair = pairOf(table.setCookie(BACKENDS[0]!, false));

  assertEquals(table.backendFor(`${"a=b;".repeat(4000)}${pair}`), BACKENDS[0]);
  assertEquals(table.backendFor(`${"a=b;".repeat(5000)}${pair}`), undefined);
});

Deno.test("StickyTable.backendFor() stands a million semicolons, spaces and names", async () => {
  const table = await createTable();

  for (const piece of [";", " ", "; ", "weir=", "weir=;", "weir"]) {
    assertEquals(table.backendFor(piece.repeat(1_000_000)), undefined);
  }
});

Deno.test("StickyTable.backendFor() finds no backend in noise", async () => {
  const table = await createTable();
  const pair = pairOf(table.setCookie(BACKENDS[0]!, false));
  const random = seededRandom(7);

  for (let round = 0; round < 5000; round++) {
    const noise = String.fromCharCode(...randomBytes(random, wholeBelow(random, 60)));
    assertEquals(table.backendFor(noise), undefined);
    const at = wholeBelow(random, pair.length);
    const flipped = pair.charCodeAt(at) ^ (1 + wholeBelow(random, 255));
    const broken = pair.slice(0, at) + String.fromCharCode(flipped) + pair.slice(at + 1);
    assertEquals(table.backendFor(broken), undefined, broken);
  }
});

interface Bench {
  readonly table: SharedTable;
  readonly upstream: BalancedUpstream;
  readonly backends: readonly Backend[];
}

/** An upstream of servers `b0`, `b1` … with the given weights. */
function bench(weights: readonly number[], algorithm = "round_robin"): Bench {
  const backends = weights.length;
  const table = SharedTable.create({ workers: 1, backends, upstreams: 1, listeners: 0 });
  const upstream = emptyUpstream(table, { algorithm });
  const members = weights.map((weight, index) => backendOf(`b${index}`, index, table, weight));
  for (const member of members) upstream.addServer(member);
  return { table, upstream, backends: members };
}

Deno.test("BalancedUpstream.acquirePreferred() takes a slot on that backend and gives it back", () => {
  const { table, upstream, backends } = bench([1, 1, 1]);

  for (let i = 0; i < 5; i++) {
    using lease = upstream.acquirePreferred(backends[1]!);
    assertEquals(lease?.backend, backends[1]);
    assertEquals(table.inFlight(1), 1);
  }

  assertEquals(table.inFlight(1), 0);
});

Deno.test("BalancedUpstream.acquirePreferred() keeps the sessions of a draining backend", () => {
  const { upstream, backends } = bench([1, 0]);

  using lease = upstream.acquirePreferred(backends[1]!);

  assertEquals(lease?.backend, backends[1]);
  assertEquals(upstream.acquire(0)?.backend, backends[0]);
});

for (const weight of [0, 1]) {
  Deno.test(`BalancedUpstream.acquirePreferred() leaves a backend of weight ${weight} that is down`, () => {
    const { table, upstream, backends } = bench([1, weight]);

    upstream.setHealth("b1", false);
    assertEquals(upstream.acquirePreferred(backends[1]!), undefined);
    assertEquals(table.inFlight(1), 0);
    upstream.setHealth("b1", true);

    assertEquals(upstream.acquirePreferred(backends[1]!)?.backend, backends[1]);
  });
}

Deno.test("BalancedUpstream.acquirePreferred() leaves one that was tried, removed or is a stranger", () => {
  const { upstream, backends } = bench([1, 1]);
  const [first, second] = backends;

  assertEquals(upstream.acquirePreferred(first!, new Set([first!])), undefined);
  assertEquals(upstream.acquirePreferred(first!, new Set([second!]))?.backend, first);
  assertEquals(upstream.acquirePreferred(BACKENDS[0]!), undefined);
  upstream.removeServer("b0");
  upstream.setHealth("b0", true);

  assertEquals(upstream.acquirePreferred(first!), undefined);
});

Deno.test("BalancedUpstream.acquirePreferred() counts in the algorithm's load", () => {
  const { upstream, backends } = bench([1, 1], "least_connections");

  upstream.acquirePreferred(backends[0]!);
  upstream.acquirePreferred(backends[0]!);

  assertEquals([1, 2].map(() => upstream.acquire(0)?.backend.id), ["b1", "b1"]);
});
