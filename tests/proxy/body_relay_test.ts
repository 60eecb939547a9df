import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { get, HttpBench, ok } from "../support/memory_http.ts";
import { oneOf, seededRandom, wholeBelow } from "../support/seeded_random.ts";

const LENGTH = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 4\r\n\r\nbody";
const CHUNKED =
  "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
const TO_CLOSE = "HTTP/1.1 200 OK\r\nDate: x\r\n\r\nbody";
const OLD = "HTTP/1.0 200 OK\r\nDate: x\r\n\r\nbody";
const OLD_KEPT =
  "HTTP/1.0 200 OK\r\nDate: x\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbody";

interface Case {
  readonly request: string;
  readonly answer: string;
  /** What the client gets; `Date` and `Via` are left out. */
  readonly expected: string;
  readonly keepsClient: boolean;
  readonly keepsServer: boolean;
}

const ask = (version: string, fields = "", method = "GET") =>
  `${method} / HTTP/${version}\r\nHost: h\r\n${fields}\r\n`;
const LATER = "Connection: keep-alive\r\n";
const LAST = "Connection: close\r\n";
const AS_LENGTH = "Content-Length: 4\r\n\r\nbody";
const AS_CHUNKED = "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";

function of(request: string, answer: string, expected: string, keeps: string): Case {
  const line = `HTTP/1.1 ${/ (\d+ [^\r]*)/.exec(answer)?.[1]}\r\n`;
  return {
    request,
    answer,
    expected: line + expected,
    keepsClient: keeps.includes("client"),
    keepsServer: keeps.includes("server"),
  };
}

const CASES: readonly Case[] = [
  of(ask("1.1"), LENGTH, AS_LENGTH, "client server"),
  of(ask("1.1"), CHUNKED, AS_CHUNKED, "client server"),
  of(ask("1.1"), TO_CLOSE, AS_CHUNKED, "client"),
  of(ask("1.1"), OLD, AS_CHUNKED, "client"),
  of(ask("1.1"), OLD_KEPT, AS_LENGTH, "client server"),
  of(ask("1.1", LAST), LENGTH, LAST + AS_LENGTH, "server"),
  of(ask("1.1", LAST), TO_CLOSE, LAST + AS_CHUNKED, ""),
  of(ask("1.0"), LENGTH, LAST + AS_LENGTH, "server"),
  of(ask("1.0"), CHUNKED, `${LAST}\r\nbody`, "server"),
  of(ask("1.0", LATER), CHUNKED, `${LAST}\r\nbody`, "server"),
  of(ask("1.0", LATER), TO_CLOSE, `${LAST}\r\nbody`, ""),
  of(ask("1.0", LATER), LENGTH, LATER + AS_LENGTH, "client server"),
  of(ask("1.1"), LENGTH.replace("Date", "Connection: close\r\nDate"), AS_LENGTH, "client"),
  of(ask("1.1", "", "HEAD"), LENGTH.slice(0, -4), "Content-Length: 4\r\n\r\n", "client server"),
  of(
    ask("1.1", "", "HEAD"),
    CHUNKED.slice(0, CHUNKED.indexOf("4\r\n")),
    "Transfer-Encoding: chunked\r\n\r\n",
    "client server",
  ),
  // RFC 9112 section 6.1: none of it to a client that has never heard of it.
  of(
    ask("1.0", LATER, "HEAD"),
    CHUNKED.slice(0, CHUNKED.indexOf("4\r\n")),
    `${LATER}\r\n`,
    "client server",
  ),
  of(ask("1.1"), "HTTP/1.1 204 No\r\nDate: x\r\n\r\n", "\r\n", "client server"),
  of(
    ask("1.1"),
    "HTTP/1.1 204 No\r\nDate: x\r\nContent-Length: 0\r\n\r\n",
    "\r\n",
    "client server",
  ),
  of(ask("1.1"), "HTTP/1.1 204 No\r\nDate: x\r\nContent-Length: 5\r\n\r\n", "\r\n", "client"),
  of(
    ask("1.1"),
    "HTTP/1.1 304 Not\r\nDate: x\r\nContent-Length: 5\r\n\r\n",
    "Content-Length: 5\r\n\r\n",
    "client server",
  ),
];

Deno.test("Conversation.relay() frames an answer as its client can read it", async () => {
  for (const { request, answer, expected, keepsClient, keepsServer } of CASES) {
    for (const isSlow of [false, true]) {
      using b = new HttpBench();
      const client = b.connect();
      await client.say(request);
      const server = await b.take();

      if (isSlow) { for (const byte of answer) await server.say(byte); }
      else await server.say(answer);
      if (!keepsServer) await server.finish();

      const heard = await client.hear();
      const bare = heard.replace(/^(Date|Via): .*\r\n/gm, "");
      // Bytes that come one by one are chunks of their own.
      const merged = isSlow
        ? bare.replace("1\r\nb\r\n1\r\no\r\n1\r\nd\r\n1\r\ny\r\n", "4\r\nbody\r\n")
        : bare;
      assertEquals(merged, expected, request + answer);
      assertEquals([!client.ended, !server.ended], [keepsClient, keepsServer], request + answer);
      await client.close();
      assertEquals(await b.leftovers(), []);
    }
  }
});

Deno.test("Conversation.relay() cuts what a backend did not end", async () => {
  for (const answer of [LENGTH.slice(0, -1), CHUNKED.slice(0, -2), CHUNKED.slice(0, -9)]) {
    using b = new HttpBench();
    const client = b.connect();
    await client.say(get());
    const server = await b.take();

    await server.say(answer);
    await server.close();

    const heard = await client.hear();
    assert(client.ended && !heard.endsWith("0\r\n\r\n"), heard);
    assertEquals(await b.leftovers(), []);
  }
});

Deno.test("Conversation.relay() cuts a body up to the close when the connection breaks", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  const server = await b.take();

  await server.say(TO_CLOSE);
  await server.reset();

  assert(!(await client.hear()).endsWith("0\r\n\r\n"));
  assert(client.ended);
  assertEquals(await b.leftovers(), []);
});

Deno.test("BackendPool keeps no connection with bytes behind its answer", async () => {
  for (const answer of [`${LENGTH}X`, `${CHUNKED}X`, `${LENGTH}${LENGTH}`]) {
    using b = new HttpBench();
    const client = b.connect();
    await client.say(get());
    const server = await b.take();

    await server.say(answer);

    assert(server.ended, answer);
    await client.say(get());
    assertEquals(b.transport.dialled.length, 2);
    await client.close();
    assertEquals(await b.leftovers(), []);
  }
});

Deno.test("Conversation passes 1xx on, and to no client of HTTP/1.0", async () => {
  for (const version of ["1.1", "1.0"]) {
    using b = new HttpBench();
    const client = b.connect();
    await client.say(ask(version));
    const server = await b.take();
    await server.say("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: close\r\n\r\n");

    const early = await client.hear();
    await server.say(ok("later"));

    assertEquals(early, version === "1.1" ? "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" : "");
    assertStringIncludes(await client.hear(), "\r\n\r\nlater");
    await client.close();
    assertEquals(await b.leftovers(), []);
  }
});

Deno.test("Conversation gives up on a backend that sends 1xx for ever", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  const server = await b.take();

  await server.say("HTTP/1.1 102 Processing\r\n\r\n".repeat(40));

  assertStringIncludes(await client.hear(), "HTTP/1.1 502 ");
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange closes a client's connection whose body was not all read", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
  const server = await b.take();

  await server.say(ok("enough"));

  assertStringIncludes(await client.hear(), "Connection: close\r\n");
  assert(client.ended && server.ended);
  // Not the next request: the rest of the body.
  await client.say(get("/smuggled")).catch(() => {});
  assertEquals(b.transport.dialled.length, 1);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange refuses a chunked body over the limit", async () => {
  using b = new HttpBench({ bodyBytes: 10 });
  const client = b.connect();
  const head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  await client.say(`${head}8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n${get("/next")}`);

  assertStringIncludes(await client.hear(), "HTTP/1.1 413 ");
  assert((await b.take()).ended);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("relayBody() loses, doubles and reorders nothing, whatever comes in one piece", async () => {
  const random = seededRandom(11);
  for (let round = 0; round < 25; round++) {
    using b = new HttpBench();
    const client = b.connect({ random, capacityBytes: oneOf(random, [700, 20_000, 65_536]) });
    await client.say(get());
    const server = await b.take();
    const body = String.fromCharCode(
      ...Array.from({ length: 60_000 }, () => wholeBelow(random, 256)),
    );
    const sending = sendChunked(server.say.bind(server), body, random);

    let heard = "";
    while (!heard.endsWith("\r\n0\r\nT: v\r\n\r\n")) heard += await client.hear();
    await sending;

    assert(unchunk(heard.slice(heard.indexOf("\r\n\r\n") + 4)) === body, `round ${round}`);
    await client.close();
    assertEquals(await b.leftovers(), []);
  }
});

async function sendChunked(
  say: (text: string) => Promise<void>,
  body: string,
  random: () => number,
) {
  let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (let at = 0; at < body.length;) {
    const data = body.slice(at, at + 1 + wholeBelow(random, oneOf(random, [10, 9000, 40_000])));
    text += `${data.length.toString(16)}\r\n${data}\r\n`;
    at += data.length;
  }
  text += "0\r\nT: v\r\n\r\n";
  for (let at = 0; at < text.length;) {
    const part = text.slice(at, at + 1 + wholeBelow(random, 30_000));
    await say(part);
    at += part.length;
  }
}

function unchunk(text: string): string {
  let body = "";
  for (let at = 0;;) {
    const line = text.indexOf("\r\n", at);
    const size = parseInt(text.slice(at, line), 16);
    if (size === 0) return body;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

Deno.test("Conversation measures an answer's head by limits of its own", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  const server = await b.take();
  const fields = Array.from({ length: 60 }, (_, i) => `F${i}: ${"x".repeat(500)}\r\n`).join("");

  await server.say(ok("large", fields));

  // More than the listener takes from clients: 16 KiB and 50 fields.
  assertStringIncludes(await client.hear(), "\r\n\r\nlarge");
  await client.close();
  assertEquals(await b.leftovers(), []);
});
