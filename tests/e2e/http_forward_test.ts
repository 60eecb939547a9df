import { assertEquals, assertMatch } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, type Message, valueOf, valuesOf } from "../support/http_wire.ts";

Deno.test("GET: the backend gets the fields of the client and those that Weir adds", async () => {
  await using backend = new HttpBackend(() => answerOf(200, "hi"));
  await using scenario = await startHttp({ backends: [backend.address] });

  await askOnce(
    scenario.address,
    headOf(
      "GET /a/../b;c//%2e?x=1&y=%00 HTTP/1.1",
      "Host: Shop.Example:8080",
      "User-Agent: test",
      "X-Empty:",
      "X-Twice: one",
      "x-twice:   two \t",
      "X-Bytes: \xe9\xc3\xa9",
      "Cookie: a=1; b=2",
    ),
  );

  const { line, fields, body } = backend.request;
  assertEquals(line, "GET /a/../b;c//%2e?x=1&y=%00 HTTP/1.1");
  assertEquals(body, "");
  assertEquals(without(fields, "X-Request-Id"), [
    ["Host", "Shop.Example:8080"],
    ["User-Agent", "test"],
    ["X-Empty", ""],
    ["X-Twice", "one"],
    ["x-twice", "two"],
    ["X-Bytes", "\xe9\xc3\xa9"],
    ["Cookie", "a=1; b=2"],
    ["X-Forwarded-For", "127.0.0.1"],
    ["X-Forwarded-Proto", "http"],
    ["X-Forwarded-Host", "Shop.Example:8080"],
    ["Forwarded", 'for=127.0.0.1;host="Shop.Example:8080";proto=http'],
    ["Via", "1.1 weir"],
  ]);
});

Deno.test("X-Request-Id: kept when there is one, else made, and never the same twice", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({ backends: [backend.address], workers: 2 });

  await askOnce(scenario.address, headOf("GET / HTTP/1.1", "Host: a", "X-Request-Id: mine"));
  for (let i = 0; i < 10; i++) await askOnce(scenario.address, headOf("GET / HTTP/1.1", "Host: a"));

  const [kept, ...made] = backend.requests.map((request) => valueOf(request, "x-request-id") ?? "");
  assertEquals(kept, "mine");
  assertEquals(new Set(made).size, 10);
  for (const id of made) assertMatch(id, /^[\w-]{16,}$/);
});

Deno.test("fields about where a request came from are believed of trusted proxies only", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  const backends = [backend.address];
  const trusting = { trusted_proxies: ["127.0.0.0/8"] };
  await using distrusts = await startHttp({ backends });
  await using trusts = await startHttp({ backends, listener: trusting });
  const request = headOf(
    "GET / HTTP/1.1",
    "Host: inner.example",
    "X-Forwarded-For: 203.0.113.9",
    "X-Forwarded-For: 203.0.113.10",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: outer.example",
    "Forwarded: for=203.0.113.9;proto=https",
  );

  await askOnce(distrusts.address, request);
  await askOnce(trusts.address, request);

  const seen = backend.requests.map((message) =>
    ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"].map((name) =>
      valuesOf(message, name).join(" + ")
    )
  );
  assertEquals(seen, [
    ["127.0.0.1", "http", "inner.example", 'for=127.0.0.1;host="inner.example";proto=http'],
    [
      "203.0.113.9, 203.0.113.10, 127.0.0.1",
      "https",
      "outer.example",
      'for=203.0.113.9;proto=https, for=127.0.0.1;host="inner.example";proto=http',
    ],
  ]);
});

Deno.test("fields of one connection only, and those that Connection lists, are not sent on", async () => {
  await using backend = new HttpBackend(() =>
    answerOf(
      200,
      "hi",
      "Connection: keep-alive, X-Inner",
      "Keep-Alive: timeout=5",
      "Proxy-Connection: keep-alive",
      "X-Inner: 1",
      "X-Outer: 2",
      "Upgrade: h2c",
    )
  );
  await using scenario = await startHttp({ backends: [backend.address] });

  const answer = await askOnce(
    scenario.address,
    headOf(
      "POST / HTTP/1.1",
      "Host: a",
      "Connection: X-Mine, keep-alive",
      "Connection: host, content-length, x-forwarded-for, via, x-request-id",
      "Keep-Alive: timeout=1",
      "Proxy-Connection: close",
      "TE: gzip",
      "X-Mine: 1",
      "X-Other: 2",
      "Content-Length: 4",
    ) + "body",
  );

  const names = backend.request.fields.map(([name]) => name.toLowerCase()).sort();
  assertEquals(names, [
    "content-length",
    "forwarded",
    "host",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-other",
    "x-request-id",
  ]);
  assertEquals(backend.request.body, "body");
  assertEquals(without(answer.fields, "Date"), [
    ["X-Outer", "2"],
    ["Via", "1.1 weir"],
    ["Content-Length", "2"],
  ]);
});

Deno.test("an answer keeps its status, phrase, fields and bytes; a missing Date is added", async () => {
  await using backend = new HttpBackend(({ turn }) => {
    const date = turn === 0 ? ["Date: Mon, 01 Jan 2024 00:00:00 GMT"] : [];
    return headOf(
      "HTTP/1.1 299 Odd \xe9 phrase",
      ...date,
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "Server: raw",
      "X-Bytes: \xff\xc3\xa9",
      "Content-Length: 5",
    ) + "\0\r\n\xff\xfe";
  });
  await using scenario = await startHttp({ backends: [backend.address] });

  const dated = await askOnce(scenario.address, headOf("GET / HTTP/1.1", "Host: a"));
  const undated = await askOnce(scenario.address, headOf("GET / HTTP/1.1", "Host: a"));

  assertEquals(dated.line, "HTTP/1.1 299 Odd \xe9 phrase");
  assertEquals(dated.body, "\0\r\n\xff\xfe");
  assertEquals(dated.fields, [
    ["Date", "Mon, 01 Jan 2024 00:00:00 GMT"],
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
    ["Server", "raw"],
    ["X-Bytes", "\xff\xc3\xa9"],
    ["Via", "1.1 weir"],
    ["Content-Length", "5"],
  ]);
  assertMatch(valueOf(undated, "Date") ?? "", /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
});

for (
  const [target, line, host] of [
    ["http://b.example/x?y", "GET /x?y HTTP/1.1", "b.example"],
    ["http://B.Example:80", "GET / HTTP/1.1", "B.Example:80"],
    ["http://b.example?y", "GET /?y HTTP/1.1", "b.example"],
  ] as const
) {
  Deno.test(`absolute form "${target}" goes on in origin form, with its Host`, async () => {
    await using backend = new HttpBackend(() => answerOf(200));
    await using scenario = await startHttp({ backends: [backend.address] });

    await askOnce(scenario.address, headOf(`GET ${target} HTTP/1.1`, "Host: b.example"));

    assertEquals(backend.request.line, line);
    assertEquals(valuesOf(backend.request, "Host"), [host]);
  });
}

Deno.test("methods and targets go on as they are", async () => {
  await using backend = new HttpBackend(({ request }) => answerOf(200, request.line));
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  const lines = [
    "OPTIONS * HTTP/1.1",
    "OPTIONS http://a HTTP/1.1",
    "DELETE / HTTP/1.1",
    "PROPFIND /x HTTP/1.1",
    "get / HTTP/1.1",
    "GET //evil.example/x HTTP/1.1",
  ];
  for (const line of lines) await client.ask(headOf(line, "Host: a"));

  const expected = lines.with(1, "OPTIONS * HTTP/1.1");
  assertEquals(backend.requests.map(({ line }) => line), expected);
});

function without(fields: Message["fields"], name: string): Message["fields"] {
  return fields.filter(([other]) => other !== name);
}
