import { assertEquals } from "@std/assert";
import { settled } from "../support/fake_clock.ts";
import { bytesOf, textOf } from "../support/memory_http.ts";
import { CONNECT_TIMEOUT_MS } from "../support/tcp_bench.ts";
import { AttemptBench, end, holdDials, noteDials, talk } from "../support/warm_bench.ts";

Deno.test("bytes and the end that a client sends while its dead connection is replaced wait for the new one", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  const { client, ended } = await b.connect();
  await b.first.take();
  const go = holdDials(b);

  ready.close();
  await settled();
  await client.send(bytesOf("question"));
  await client.closeWrite();
  await settled();
  go();

  const server = await b.first.take();
  assertEquals(textOf(await server.receive()), "question");
  server.close();
  await ended;
  assertEquals(b.inFlight, 0);
});

Deno.test("an end that a client sends while its dead connection is replaced waits for the new one", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  const { client, ended } = await b.connect();
  await b.first.take();
  const go = holdDials(b);

  ready.close();
  await settled();
  await client.closeWrite();
  await settled();
  go();

  const server = await b.first.take();
  assertEquals((await server.receive()).length, 0);
  await server.send(bytesOf("answer"));
  server.close();
  await ended;
  assertEquals(textOf(await client.receive()), "answer");
});

for (const what of ["the client leaves", "Weir stops"]) {
  Deno.test(`a replacement is broken off when ${what}`, async () => {
    using b = new AttemptBench();
    const ready = await b.ready();
    const { client, ended } = await b.connect();
    b.goAway();
    b.silence(0);
    ready.close();
    await settled();

    if (what === "Weir stops") b.proxy.abortAll();
    else client.reset();
    await ended;

    assertEquals([b.inFlight, b.proxy.active, client.inputEnded], [0, 0, true]);
    assertEquals([b.counted("connectFailures"), b.counted("failures")], [[0, 0], [0, 0]]);
  });
}

Deno.test("a replacement gets the connect timeout, then another backend its turn", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  await b.second.take();
  const { client, ended } = await b.connect();
  b.goAway();
  b.silence(0);
  ready.close();
  await settled();

  await b.paced.pass(CONNECT_TIMEOUT_MS);
  await talk(client, await b.second.take());

  assertEquals(b.counted("connectFailures"), [1, 0]);
  await end(b, client, ended);
});

Deno.test("a connection that comes while Weir stops is closed", async () => {
  for (let turns = 0; turns < 12; turns++) {
    using b = new AttemptBench();
    const ready = await b.ready();
    const { ended } = await b.connect();
    const inner = noteDials(b);
    ready.close();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();

    b.proxy.abortAll();
    await ended;
    await settled();

    assertEquals([inner.every(({ closes }) => closes > 0), b.inFlight], [true, 0]);
  }
});
