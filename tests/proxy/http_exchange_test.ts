import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  BODY_MS,
  get,
  HttpBench,
  type HttpBenchOptions,
  ok,
  RESPONSE_MS,
  type Talker,
} from "../support/memory_http.ts";
import { PHASES, PUT_BEGUN } from "./exchange_phases.ts";
import { tcp } from "../support/configs.ts";
import { seededRandom, wholeBelow } from "../support/seeded_random.ts";

const RETRY = {
  attempts: 2,
  on: ["connect", "reset", "timeout", "status_503"],
  budget: 1,
} as const;
const RETRYING: HttpBenchOptions = { backends: 2, upstream: { retry: RETRY } };

Deno.test("HttpExchange never sends the bytes of one client to another", async () => {
  using b = new HttpBench({ backends: 2 });
  // The client takes little, so that a write of the answer's buffer is on its way.
  const slow = b.connect({ capacityBytes: 100 });
  await slow.say(get());
  const server = await b.take(0);
  await server.say(`HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n${"A".repeat(12_000)}`);
  await slow.finish();

  const other = b.connect();
  await other.say(get());
  const otherServer = await b.take(1);
  await otherServer.say(`HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n${"B".repeat(12_000)}`);

  const heard = await slow.hear();
  assert(!heard.includes("B"), "bytes of another client's answer");
  await slow.close();
  await other.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange gives everything back when a client goes away in any phase", async () => {
  for (const how of ["close", "reset", "finish"] as const) {
    for (const phase of PHASES) {
      using b = new HttpBench(RETRYING);
      if (phase.name === "connect") b.transport.silence(tcp(1000));
      const client = b.connect(phase.client);
      const server = await phase.run(b, client);

      await client[how]();
      // The end of one direction is not yet the end of a tunnel.
      if (phase.name === "tunnel") await server?.close();
      // Weir reads no more from a client than the backend takes.
      const waits = phase.name.includes("nobody takes") ? 1 + RETRY.attempts : 0;
      for (let wait = 0; wait < waits; wait++) await b.paced.pass(RESPONSE_MS + 250);
      if (how === "finish") await client.hear();

      if (how === "finish") await client.close();
      assertEquals(await b.leftovers(), [], `${how} in ${phase.name}`);
    }
  }
});

Deno.test("HttpExchange gives everything back when it is aborted in any phase", async () => {
  for (const phase of PHASES) {
    using b = new HttpBench(RETRYING);
    if (phase.name === "connect") b.transport.silence(tcp(1000));
    const client = b.connect(phase.client);
    await phase.run(b, client);

    b.proxy.abortAll();

    assertEquals(await b.leftovers(), [], phase.name);
  }
});

Deno.test("HttpExchange gives everything back when the backend breaks in any phase", async () => {
  for (const how of ["close", "reset"] as const) {
    for (const phase of PHASES) {
      if (phase.name === "connect" || phase.name === "pause") continue;
      using b = new HttpBench({ backends: 1 });
      const client = b.connect(phase.client);
      const server = await phase.run(b, client);

      await server?.[how]();
      await client.hear();
      await client.close();

      assertEquals(await b.leftovers(), [], `${how} in ${phase.name}`);
    }
  }
});

Deno.test("HttpExchange gives everything back when nobody does anything in any phase", async () => {
  for (const phase of PHASES) {
    if (phase.name === "pause" || phase.name === "tunnel") continue;
    const attempts = /again|second/.test(phase.name) ? 1 : 0;
    using b = new HttpBench({ backends: 2, upstream: { retry: { ...RETRY, attempts } } });
    if (phase.name === "connect") b.transport.silence(tcp(1000));
    const client = b.connect(phase.client);
    await phase.run(b, client);

    await b.paced.pass(BODY_MS);
    // An answer of Weir's own lingers, or waits for the next request.
    await b.paced.pass(BODY_MS * 2);

    assertEquals(await b.leftovers(), [], phase.name);
  }
});

Deno.test("HttpExchange sends the same body again, however its bytes are split", async () => {
  const random = seededRandom(7);
  for (let round = 0; round < 12; round++) {
    using b = new HttpBench(RETRYING);
    const client = b.connect({ random });
    const size = 1 + wholeBelow(random, 30_000);
    const body = Array.from({ length: size }, () => String.fromCharCode(wholeBelow(random, 256)));
    const text = body.join("");
    const cut = wholeBelow(random, size);
    await client.say(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n`);
    const first = await b.take(0);
    await client.say(text.slice(0, cut));
    if (round % 2 === 0) await first.hear();

    await first[round % 3 === 0 ? "close" : "reset"]();
    await b.paced.pass(100);
    const second = await b.take(1);
    const [heard] = await Promise.all([hearTo(second, size), client.say(text.slice(cut))]);

    assertEquals(heard.slice(heard.indexOf("\r\n\r\n") + 4) === text, true, `round ${round}`);
    await second.say(ok("stored"));
    assertStringIncludes(await client.hear(), "stored");
    await client.close();
    assertEquals(await b.leftovers(), []);
  }
});

async function hearTo(server: Talker, bodyBytes: number): Promise<string> {
  let heard = "";
  while (!heard.includes("\r\n\r\n") || heard.length < heard.indexOf("\r\n\r\n") + 4 + bodyBytes) {
    heard += await server.hear();
  }
  return heard;
}

Deno.test("HttpExchange does not blame a client for a backend that takes no body", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  void client.say("x".repeat(300_000)).catch(() => {});
  await b.take();

  await b.paced.pass(BODY_MS + RESPONSE_MS);

  assertStringIncludes(await client.hear(), "HTTP/1.1 504 ");
  assertEquals(b.table.backendTotal(0, "failures"), 1);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange answers 408 to a client that is slow with its body", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(PUT_BEGUN);
  await b.take();

  await b.paced.pass(BODY_MS);

  assertStringIncludes(await client.hear(), "HTTP/1.1 408 ");
  assertEquals(b.table.backendTotal(0, "failures"), 0);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange answers 504 when the route's time is up, whoever is waited for", async () => {
  const options = { routes: [{ timeoutMs: 200 }], ...RETRYING };
  for (const phase of PHASES) {
    if (!["connect", "answer", "head of the answer"].includes(phase.name)) continue;
    using b = new HttpBench(options);
    if (phase.name === "connect") b.transport.silence(tcp(1000));
    const client = b.connect();
    await phase.run(b, client);

    await b.paced.pass(250);

    assertMatch(await client.hear(), /HTTP\/1.1 504 /, phase.name);
    await client.close();
    assertEquals(await b.leftovers(), [], phase.name);
  }
});

Deno.test("HttpExchange blames a slow upload, not the backend, when the route's time is up", async () => {
  for (const chunks of [[PUT_BEGUN], [PUT_BEGUN, "5", "6"]]) {
    using b = new HttpBench({ routes: [{ timeoutMs: 200 }], ...RETRYING });
    const client = b.connect();
    await client.say(chunks[0]!);
    const server = await b.take();
    // It comes, but it does not end.
    for (const chunk of chunks.slice(1)) await client.say(chunk);

    await b.paced.pass(250);

    const heard = await client.hear();
    assertMatch(heard, /^HTTP\/1.1 408 /);
    assertStringIncludes(heard, "X-Weir-Reason: body_timeout\r\n");
    assert(server.ended);
    assertEquals(b.table.backendTotal(0, "failures"), 0);
    assertEquals(b.transport.dialled.length, 1);
    await client.close();
    assertEquals(await b.leftovers(), []);
  }
});

Deno.test("HttpExchange blames a backend that takes no body when the route's time is up", async () => {
  using b = new HttpBench({ routes: [{ timeoutMs: 200 }] });
  const client = b.connect();
  await client.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  void client.say("x".repeat(300_000)).catch(() => {});
  await b.take();

  await b.paced.pass(250);

  assertMatch(await client.hear(), /^HTTP\/1.1 504 /);
  assertEquals(b.table.backendTotal(0, "failures"), 1);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange does not cut an answer that began within the route's time", async () => {
  using b = new HttpBench({ routes: [{ timeoutMs: 200 }] });
  const client = b.connect();
  await client.say(get());
  const server = await b.take();
  await server.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");

  await b.paced.pass(300);
  await server.say("def");

  assertStringIncludes(await client.hear(), "\r\n\r\nabcdef");
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange blames a backend for an answer that is none", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  await (await b.take()).say("SSH-2.0-weir\r\n\r\n");

  assertStringIncludes(await client.hear(), "HTTP/1.1 502 ");
  assertEquals(b.table.backendTotal(0, "failures"), 1);
  await client.close();
  assertEquals(await b.leftovers(), []);
});
