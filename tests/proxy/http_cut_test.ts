import { assert, assertEquals, assertMatch } from "@std/assert";
import { BODY_MS, get, HttpBench, RESPONSE_MS, type Talker } from "../support/memory_http.ts";

const MESSAGE = "Answer cut short: backend did not end it";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
const WITH_LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello";

/** How a backend can spoil an answer whose head is with the client. */
const SPOILERS: readonly (readonly [
  what: string,
  begin: string,
  spoil: (server: Talker, b: HttpBench) => Promise<unknown>,
  reason: string,
  error: RegExp,
])[] = [
  ["a chunk that is none", CHUNKED, (s) => s.say("nonsense\r\n"), "bad_response", /chunk/],
  ["trailers that are none", CHUNKED, (s) => s.say("0\r\nA B\r\n\r\n"), "bad_response", /./],
  ["an end amid chunks", CHUNKED, (s) => s.close(), "reset", /ended its answer too early/],
  ["an end before the length", WITH_LENGTH, (s) => s.close(), "reset", /too early/],
  ["a reset", WITH_LENGTH, (s) => s.reset(), "reset", /./],
  ["silence", WITH_LENGTH, (_, b) => b.paced.pass(RESPONSE_MS), "timeout", /in time/],
];

for (const [what, begin, spoil, reason, error] of SPOILERS) {
  Deno.test(`HttpExchange tells the log of an answer cut short by ${what}, and counts it`, async () => {
    using b = new HttpBench();
    const client = b.connect();
    await client.say(get());
    const server = await b.take();
    await server.say(begin);
    assert((await client.hear()).startsWith("HTTP/1.1 200 "));

    await spoil(server, b);

    assert(client.ended);
    assertEquals(b.counted("answersCut"), 1);
    assertEquals(b.table.backendTotal(0, "failures"), 1);
    const [fields, ...others] = b.log.fieldsOf(MESSAGE);
    const { error: said, ...rest } = fields ?? {};
    assertEquals(rest, {
      listener: "front",
      upstream: "app",
      backend: "b0",
      reason,
      suppressed: 0,
    });
    assertMatch(String(said), error);
    assertEquals(others, []);
    await client.close();
    assertEquals(await b.leftovers(), []);
  });
}

Deno.test("HttpExchange tells the log of one cut answer a second, and counts all", async () => {
  using b = new HttpBench();
  for (let i = 0; i < 5; i++) {
    const client = b.connect();
    await client.say(get());
    const server = await b.take();
    await server.say(WITH_LENGTH);
    await server.close();
  }

  assertEquals(b.counted("answersCut"), 5);
  assertEquals(b.log.fieldsOf(MESSAGE).length, 1);
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange takes no answer for cut short whose client left, or that never began", async () => {
  using b = new HttpBench();
  const leaving = b.connect();
  await leaving.say(get());
  await (await b.take()).say(WITH_LENGTH);
  await leaving.close();
  const slow = b.connect();
  await slow.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234");
  await (await b.take()).say(WITH_LENGTH);
  await slow.say("5");
  await b.paced.pass(BODY_MS);
  await slow.close();
  const refused = b.connect();
  await refused.say(get());
  await (await b.take()).say("nonsense\r\n\r\n");
  await refused.hear();
  await refused.close();

  assertEquals(b.counted("answersCut"), 0);
  assertEquals(b.log.fieldsOf(MESSAGE), []);
  assertEquals(await b.leftovers(), []);
});
