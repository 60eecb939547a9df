import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { settled } from "../support/fake_clock.ts";
import { get, HEADER_MS, HttpBench, IDLE_MS, ok } from "../support/memory_http.ts";

Deno.test("HttpSession serves request after request on one connection", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get("/1"));
  const server = await b.take();

  for (const turn of [1, 2, 3]) {
    if (turn > 1) await client.say(get(`/${turn}`));
    assertMatch(await server.hear(), new RegExp(`^GET /${turn} HTTP/1.1\r\n`));
    await server.say(ok(`body ${turn}`));
    assertStringIncludes(await client.hear(), `\r\n\r\nbody ${turn}`);
  }

  assertEquals(b.transport.dialled.length, 1);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession answers requests of one segment in their order", async () => {
  using b = new HttpBench();
  const client = b.connect();
  const paths = Array.from({ length: 40 }, (_, index) => `/${index}`);
  await client.say(paths.map((path) => get(path)).join(""));
  const server = await b.take();

  for (const path of paths) {
    const heard = await server.hear();
    assertEquals(heard.match(/GET \S+/g), [`GET ${path}`]);
    await server.say(ok(`<${path}>`));
  }

  assertEquals((await client.hear()).match(/<[^>]+>/g), paths.map((path) => `<${path}>`));
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession takes a request one byte at a time", async () => {
  using b = new HttpBench();
  const client = b.connect();
  const request = "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
    "3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n";

  for (const byte of request) await client.say(byte);

  const server = await b.take();
  const heard = await server.hear();
  assertStringIncludes(heard, "a\r\n");
  assert(heard.endsWith("0\r\nT: v\r\n\r\n"), heard);
  for (const byte of ok("fine")) await server.say(byte);
  assertStringIncludes(await client.hear(), "\r\n\r\nfine");
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession answers a head that does not end with 408, and closes", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say("GET / HT");

  await b.paced.pass(HEADER_MS);

  assertStringIncludes(await client.hear(), "408 Request Timeout");
  assert(client.ended);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession counts the time for the first head from the start of the connection", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await b.paced.pass(HEADER_MS - 200);
  await client.say("GET / HT");

  await b.paced.pass(200);

  assertStringIncludes(await client.hear(), "408 Request Timeout");
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession closes a connection that sends nothing without a word, in the time for a head", async () => {
  using b = new HttpBench();
  const client = b.connect();

  await b.paced.pass(HEADER_MS);

  assert(client.ended);
  assertEquals(await client.hear(), "");
  assertEquals(b.answers, {});
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession counts the time for a later head from its first byte", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  await (await b.take()).say(ok());
  await client.hear();
  await b.paced.pass(HEADER_MS * 2);
  await client.say("GET / HT");

  await b.paced.pass(HEADER_MS - 200);
  assertEquals(await client.hear(), "");
  await b.paced.pass(200);

  assertStringIncludes(await client.hear(), "408 Request Timeout");
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession gives buffers back when bytes come behind a 408", async () => {
  for (const length of [10, 1100, 5000]) {
    using b = new HttpBench();
    const client = b.connect();
    await client.say(`GET /${"a".repeat(length)}`);
    await b.paced.pass(HEADER_MS);

    await client.say("b".repeat(3000)).catch(() => {});
    await client.close();

    assertEquals(await b.leftovers(), [], `${length}`);
  }
});

Deno.test("HttpSession closes an idle connection without a word", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  const server = await b.take();
  await server.say(ok());
  await client.hear();

  await b.paced.pass(IDLE_MS);

  assert(client.ended);
  assertEquals(await client.hear(), "");
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession.drain() closes an idle connection at once", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await settled();

  b.proxy.drain();
  await settled();

  assert(client.ended);
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession.drain() lets a request under way end, and says that it is the last", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  const server = await b.take();

  b.proxy.drain();
  await server.say(ok("last"));

  const heard = await client.hear();
  assertStringIncludes(heard, "Connection: close\r\n");
  assertStringIncludes(heard, "last");
  assert(client.ended);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession.drain() lets a head that has begun end", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say("GET / HTTP/1.1\r\nHo");

  b.proxy.drain();
  await client.say("st: h\r\n\r\n");

  const server = await b.take();
  await server.say(ok("last"));
  assertStringIncludes(await client.hear(), "last");
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession.drain() does not reset a connection with a further request waiting", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get("/1") + get("/2"));
  const server = await b.take();

  b.proxy.drain();
  await server.say(ok("first"));

  assertStringIncludes(await client.hear(), "first");
  // It lingers: what is not read would make the kernel send a reset.
  assertEquals(b.inner.filter(({ closes }) => closes > 0).length, 0);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession.drain() does not cut an answer of Weir's own", async () => {
  const body = "x".repeat(100_000);
  const action = { kind: "respond", status: 200, body, contentType: "text/plain" } as const;
  using b = new HttpBench({ routes: [{ action }] });
  const client = b.connect();
  await client.say(get());

  b.proxy.drain();

  assert((await client.hear()).endsWith(body));
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession counts every answer by its status", async () => {
  const action = { kind: "respond", status: 200, body: "hi", contentType: "text/plain" } as const;
  using b = new HttpBench({ routes: [{ action, match: { path: "/here" } }] });
  const client = b.connect();

  await client.say(get("/here") + get("/there") + "\x01");
  await client.hear();
  await client.close();

  assertEquals([b.answers, b.counted("requests")], [{ 200: 1, 400: 1, 404: 1 }, 2]);
});
