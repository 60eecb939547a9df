import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BODY_MS, get, HttpBench, ok, RESPONSE_MS } from "../support/memory_http.ts";

const ASK = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
const SWITCH = `HTTP/1.1 101 Switching Protocols\r\n${ASK}\r\n`;

Deno.test("spliceUpgrade() carries bytes both ways, and first those behind the heads", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(`${get("/", ASK)}early`);
  const server = await b.take();
  assertStringIncludes(await server.hear(), "Connection: Upgrade\r\nUpgrade: websocket\r\n");

  await server.say(`${SWITCH}first`);

  assert((await client.hear()).endsWith("\r\n\r\nfirst"));
  assertEquals(await server.hear(), "early");
  await client.say("ping");
  await server.say("pong");
  assertEquals([await server.hear(), await client.hear()], ["ping", "pong"]);
  await client.finish();
  assert(server.ended);
  await server.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("spliceUpgrade() carries what the watch for the client's end has read", async () => {
  for (const size of [1, 5000]) {
    using b = new HttpBench();
    const client = b.connect();
    await client.say(get("/", ASK));
    const server = await b.take();
    await server.hear();
    // Bytes that come before the 101 and bytes behind it: the same read may be waiting for either.
    const early = size === 1 ? "" : "e".repeat(size);
    await client.say(early);

    await server.say(SWITCH);
    await client.say("l".repeat(size));

    assertEquals(await server.hear(), early + "l".repeat(size));
    await client.finish();
    assert(server.ended);
    // Half-closed, not cut: the other direction goes on.
    await server.say("bye");
    assert((await client.hear()).endsWith("\r\n\r\nbye"));
    await server.close();
    assertEquals(await b.leftovers(), []);
  }
});

Deno.test("spliceUpgrade() leaves an open tunnel alone while Weir drains", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get("/", ASK));
  const server = await b.take();
  await server.say(SWITCH);
  await client.hear();

  b.proxy.drain();
  await server.say("still here");

  assertEquals(await client.hear(), "still here");
  b.proxy.abortAll();
  assertEquals(await b.leftovers(), []);
});

Deno.test("spliceUpgrade() is not reached by a deadline of the request", async () => {
  using b = new HttpBench({ routes: [{ timeoutMs: 200 }] });
  const client = b.connect();
  await client.say(get("/", ASK));
  const server = await b.take();
  await server.say(SWITCH);
  await client.hear();

  await b.paced.pass(BODY_MS + RESPONSE_MS);

  await server.say("still here");
  assertEquals(await client.hear(), "still here");
  b.proxy.abortAll();
  assertEquals(await b.leftovers(), []);
});

Deno.test("spliceUpgrade() does not wait for ever for a client that takes no 101", async () => {
  using b = new HttpBench();
  const client = b.connect({ capacityBytes: 200 });
  await client.say(get("/", ASK));
  const server = await b.take();
  await server.say(`${SWITCH}${"x".repeat(1000)}`);

  await b.paced.pass(BODY_MS);

  assert(server.ended);
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange takes a 101 that nobody asked for as no answer", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  await (await b.take()).say(SWITCH);

  assertStringIncludes(await client.hear(), "HTTP/1.1 502 ");
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange does not switch before the body of the request has ended", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(`POST / HTTP/1.1\r\nHost: h\r\n${ASK}Content-Length: 10\r\n\r\n01234`);
  const server = await b.take();

  await server.say(SWITCH);

  // Two would read from the client at once: the body, and the tunnel.
  assertStringIncludes(await client.hear(), "HTTP/1.1 502 ");
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange answers as usual when a backend does not want to switch", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get("/", ASK));
  const server = await b.take();
  await server.say(ok("no"));

  assert((await client.hear()).endsWith("\r\n\r\nno"));
  await client.say(get("/next"));
  assertStringIncludes(await server.hear(), "GET /next ");
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange lets no client switch to another HTTP", async () => {
  using b = new HttpBench();
  const client = b.connect();
  const fields = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c, TLS/1.0, HTTP/2.0\r\n";
  await client.say(get("/", `${fields}HTTP2-Settings: AAMAAABkAAQAAP\r\n`));

  const heard = await (await b.take()).hear();

  assert(!/upgrade|http2/i.test(heard), heard);
  await client.close();
  assertEquals(await b.leftovers(), []);
});
