import { assertEquals, assertThrows } from "@std/assert";
import type { HeaderChanges } from "../../lib/config/types.ts";
import { HeadScanner } from "../../lib/http/head_end.ts";
import { DEFAULT_HEAD_LIMITS } from "../../lib/http/limits.ts";
import { parseRequestHead, type RequestHead } from "../../lib/http/request_head.ts";
import { decodeLatin1Fast } from "../../lib/net/latin1.ts";
import {
  type ClientFacts,
  ForwardedFields,
  forwardRequestFields,
} from "../../lib/proxy/forward_headers.ts";
import { bytesOf, get, HttpBench, ok } from "../support/memory_http.ts";

const NO_CHANGES: HeaderChanges = { remove: [], set: [], add: [] };
const STRANGER: ClientFacts = { address: "192.0.2.7", isTrusted: false, scheme: "http" };

function parse(text: string): RequestHead {
  const bytes = bytesOf(text.replaceAll("\n", "\r\n"));
  const end = new HeadScanner("request", DEFAULT_HEAD_LIMITS).find(bytes, 0, bytes.length);
  return parseRequestHead(bytes, 0, end, DEFAULT_HEAD_LIMITS, decodeLatin1Fast);
}

/** The fields that a backend gets for a request. */
function forward(text: string, client = STRANGER, changes = NO_CHANGES): string[] {
  const head = parse(text);
  forwardRequestFields(head, {
    fallbackHost: "fallback",
    forwarded: new ForwardedFields(client),
    changes,
    nextRequestId: () => "id-1",
    upgrade: undefined,
  });
  return Array.from(head.fields, ([name, value]) => `${name}: ${value}`);
}

const ADDED = [
  "X-Forwarded-For: 192.0.2.7",
  "X-Forwarded-Proto: http",
  "X-Forwarded-Host: h",
  'Forwarded: for=192.0.2.7;host="h";proto=http',
  "Via: 1.1 weir",
  "X-Request-Id: id-1",
];

Deno.test("forwardRequestFields() says where a request came from", () => {
  assertEquals(forward("GET / HTTP/1.1\nHost: h\nAccept: *\n\n"), [
    "Host: h",
    "Accept: *",
    ...ADDED,
  ]);
});

Deno.test("forwardRequestFields() believes no stranger, however often and wherever it says it", () => {
  const claims = "X-Forwarded-For: 1.1.1.1\nx-forwarded-for: 2.2.2.2\nX-FORWARDED-PROTO: https\n" +
    "X-Forwarded-Host: evil\nForwarded: for=1.1.1.1\nForwarded: for=2.2.2.2\n" +
    "Connection: X-Forwarded-For, Forwarded, Host, Via, X-Request-Id\n";

  assertEquals(forward(`GET / HTTP/1.1\n${claims}Host: h\n\n`), ["Host: h", ...ADDED]);
});

Deno.test("forwardRequestFields() passes no field on that only a proxy of ours would set", () => {
  const names = [
    "X-Real-IP",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Server",
    "x-forwarded-user",
    // CGI and its kin cannot tell these from the others.
    "X_Forwarded_For",
    "X_REAL_IP",
    "x-forwarded_proto",
  ];
  const kept = ["X-Forward: 1", "X-Real: 1", "Forwarded-For: 1", "Y-Real-IP: 1"];
  const claims = names.map((name) => `${name}: 1.1.1.1\n`).join("");
  const text = `GET / HTTP/1.1\nHost: h\n${claims}${kept.join("\n")}\n\n`;

  assertEquals(forward(text), ["Host: h", ...kept, ...ADDED]);
  const trusted = forward(text, { ...STRANGER, isTrusted: true });
  for (const name of names) assertEquals(trusted.includes(`${name}: 1.1.1.1`), true, name);
});

Deno.test("forwardRequestFields() adds to what a trusted proxy says", () => {
  const trusted = { ...STRANGER, isTrusted: true };
  const claims = "X-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 2.2.2.2\nX-Forwarded-Proto: https\n" +
    "Forwarded: for=1.1.1.1\nX-Request-Id: theirs\n";

  const fields = forward(`GET / HTTP/1.1\nHost: h\n${claims}\n`, trusted);

  assertEquals(fields, [
    "Host: h",
    "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 192.0.2.7",
    "X-Forwarded-Proto: https",
    'Forwarded: for=1.1.1.1, for=192.0.2.7;host="h";proto=http',
    "X-Request-Id: theirs",
    "X-Forwarded-Host: h",
    "Via: 1.1 weir",
  ]);
});

Deno.test("forwardRequestFields() quotes IPv6 and has a word for a Unix socket", () => {
  const of = (address: string | undefined) => {
    const fields = forward("GET / HTTP/1.1\nHost: [::1]:80\n\n", { ...STRANGER, address });
    return fields.filter((field) => /^(X-Forwarded-For|Forwarded):/.test(field));
  };

  assertEquals(of("2001:db8::1"), [
    "X-Forwarded-For: 2001:db8::1",
    'Forwarded: for="[2001:db8::1]";host="[::1]:80";proto=http',
  ]);
  assertEquals(of(undefined), [
    "X-Forwarded-For: unknown",
    'Forwarded: for=unknown;host="[::1]:80";proto=http',
  ]);
});

Deno.test("ForwardedFields tells each request of a connection its own host", () => {
  const forwarded = new ForwardedFields(STRANGER);
  const hosts = ["a", "b", "b", "a"].map((host) => {
    const { fields, authority } = parse(`GET / HTTP/1.1\nHost: ${host}\n\n`);
    forwarded.addTo(fields, authority);
    return fields.getAll("x-forwarded-host").join();
  });

  assertEquals(hosts, ["a", "b", "b", "a"]);
});

Deno.test("forwardRequestFields() leaves out what ends at this hop", () => {
  const hop = "Connection: close, X-Mine, keep-alive\nX-Mine: 1\nx-mine: 2\nKeep-Alive: 5\n" +
    "TE: trailers\nProxy-Connection: x\nUpgrade: h2c\nHTTP2-Settings: AA\nExpect: 100-continue\n";

  assertEquals(forward(`GET / HTTP/1.1\nHost: h\n${hop}\n`), ["Host: h", ...ADDED]);
});

Deno.test("forwardRequestFields() keeps Expect where a body follows", () => {
  const fields = "Host: h\nExpect: 100-continue\nContent-Length: 3\n";

  assertEquals(forward(`PUT / HTTP/1.1\n${fields}\n`).includes("Expect: 100-continue"), true);
  assertEquals(forward(`PUT / HTTP/1.0\n${fields}\n`).includes("Expect: 100-continue"), false);
});

Deno.test("forwardRequestFields() names the host of an absolute target, and always one", () => {
  const hosts = (text: string) => forward(text).filter((field) => /^host:/i.test(field));

  assertEquals(hosts("GET http://H:80/x HTTP/1.1\nHost: h\n\n"), ["Host: H:80"]);
  assertEquals(hosts("GET / HTTP/1.0\n\n"), ["Host: fallback"]);
  assertEquals(hosts("GET http://h/ HTTP/1.0\n\n"), ["Host: h"]);
});

Deno.test("forwardRequestFields() removes, then sets, then adds", () => {
  const changes: HeaderChanges = {
    remove: ["a", "x-forwarded-for"],
    set: [["B", "new"], ["A", "set"]],
    add: [["B", "more"]],
  };

  const fields = forward("GET / HTTP/1.1\nHost: h\nA: 1\nb: 1\na: 2\nB: 2\n\n", STRANGER, changes);

  assertEquals(fields, ["Host: h", "B: new", ...ADDED.slice(1), "A: set", "B: more"]);
});

Deno.test("forwardRequestFields() lets no configured value begin another field", () => {
  for (const pair of [["A", "b\r\nC: d"], ["A\r\nB", "c"], ["A: b", "c"], ["", "c"]] as const) {
    for (const key of ["set", "add"] as const) {
      const changes = { ...NO_CHANGES, [key]: [pair] };

      assertThrows(() => forward("GET / HTTP/1.1\nHost: h\n\n", STRANGER, changes), TypeError);
    }
  }
});

Deno.test("prepareRequest() sends the target in origin form", async () => {
  const cases = [
    ["GET http://h/a?b HTTP/1.1", "GET /a?b HTTP/1.1"],
    ["GET http://h?b HTTP/1.1", "GET /?b HTTP/1.1"],
    ["GET /v1/a?b HTTP/1.1", "GET /new/a?b HTTP/1.1"],
    ["GET /v1 HTTP/1.0", "GET /new HTTP/1.1"],
    ["OPTIONS * HTTP/1.1", "OPTIONS * HTTP/1.1"],
    ["GET /? HTTP/1.1", "GET /? HTTP/1.1"],
  ] as const;
  const rewrite = { stripPrefix: "/v1", addPrefix: "/new" };
  for (const [sent, expected] of cases) {
    using b = new HttpBench({ routes: [{ match: { pathPrefix: "/v1" }, rewrite }, {}] });
    const client = b.connect();
    await client.say(`${sent}\r\nHost: h\r\n\r\n`);

    const [line] = (await (await b.take()).hear()).split("\r\n");

    assertEquals(line, expected);
    await client.close();
    assertEquals(await b.leftovers(), []);
  }
});

Deno.test("forwardResponseFields() leaves out what ends at this hop and adds what is missing", async () => {
  const responseHeaders = { remove: ["server"], set: [["X-A", "1"]], add: [] } as const;
  using b = new HttpBench({ routes: [{ responseHeaders }] });
  const client = b.connect();
  await client.say(get());
  const fields = "Server: x\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n" +
    "Set-Cookie: a\r\nSet-Cookie: b\r\n";
  await (await b.take()).say(ok("", fields));

  const heard = (await client.hear()).replace(/Date: .*GMT/, "Date: now");

  assertEquals(
    heard,
    "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nVia: 1.1 weir\r\nDate: now\r\n" +
      "X-A: 1\r\nContent-Length: 0\r\n\r\n",
  );
  await client.close();
  assertEquals(await b.leftovers(), []);
});
