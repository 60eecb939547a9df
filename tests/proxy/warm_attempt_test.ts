import { assertEquals } from "@std/assert";
import { settled } from "../support/fake_clock.ts";
import type { MemoryConn } from "../support/memory_conn.ts";
import { bytesOf, textOf } from "../support/memory_http.ts";
import { AttemptBench, end, talk } from "../support/warm_bench.ts";

Deno.test("a client takes a connection that is ready, without a dial of its own", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  assertEquals([b.inFlight, b.dialled], [0, 2]);

  const { client, ended } = await b.connect();
  await talk(client, ready);

  // Two at the sweep, and one in place of the one that was taken.
  assertEquals([b.inFlight, b.dialled], [1, 3]);
  assertEquals(b.counted("connections"), [1, 0]);
  assertEquals(b.table.backendTotal(0, "bytesToClient"), 6);
  await end(b, client, ended);
});

Deno.test("a greeting on an idle connection reaches the client that gets it", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  await ready.send(bytesOf("220 hello "));
  await settled();

  const { client, ended } = await b.connect();

  assertEquals(textOf(await client.receive(10)), "220 hello ");
  assertEquals(b.table.backendTotal(0, "bytesToClient"), 10);
  await talk(client, ready);
  await end(b, client, ended);
});

for (const how of ["closeWrite", "close", "reset"] as const) {
  Deno.test(`a taken connection that dies before a byte has moved is replaced: ${how}`, async () => {
    using b = new AttemptBench();
    const ready = await b.ready();
    const { client, ended } = await b.connect();
    await b.first.take();

    await ready[how]();
    await talk(client, await b.first.take());

    assertEquals(ready.inputEnded, true);
    assertEquals([b.counted("failures"), b.counted("connections")], [[0, 0], [1, 0]]);
    assertEquals([b.inFlight, b.metrics.paidRetries(0)], [1, 0]);
    await end(b, client, ended);
  });
}

Deno.test("a taken connection whose first write fails is replaced", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  const { client, ended } = await b.connect();
  await b.first.take();

  ready.peer?.breakWrites();
  await talk(client, await replaced(b, client));

  assertEquals(b.counted("failures"), [0, 0]);
  await end(b, client, ended);
});

Deno.test("a dead connection is replaced by one to another backend when its own refuses", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  await b.second.take();
  const { client, ended } = await b.connect();
  b.goAway();

  ready.close();
  await talk(client, await b.second.take());

  assertEquals([0, 1].map((index) => b.table.inFlight(index)), [0, 1]);
  assertEquals([b.counted("connectFailures"), b.counted("connections")], [[1, 0], [1, 1]]);
  assertEquals(b.table.backendTotal(1, "bytesToClient"), 6);
  await end(b, client, ended);
});

Deno.test("a client is closed when no backend replaces its dead connection", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  const { client, ended } = await b.connect();
  b.goAway();
  b.second[Symbol.dispose]();

  ready.close();
  await ended;

  assertEquals([client.inputEnded, b.inFlight], [true, 0]);
  assertEquals([b.counted("connectFailures"), b.counted("failures")], [[1, 1], [0, 0]]);
});

Deno.test("a connection that dies after a byte was sent is not replaced, and blames nobody", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  const { client, ended } = await b.connect();
  const { dialled } = b;
  await client.send(bytesOf("question"));
  await settled();

  ready.reset();
  await ended;

  assertEquals([client.inputEnded, b.dialled, b.inFlight], [true, dialled, 0]);
  assertEquals(b.counted("failures"), [0, 0]);
});

Deno.test("a connection that dies after the client has ended its side is not replaced", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  const { client, ended } = await b.connect();
  const { dialled } = b;
  await client.closeWrite();
  await settled();
  assertEquals(ready.inputEnded, true);

  ready.close();
  await ended;

  assertEquals([client.inputEnded, b.dialled], [true, dialled]);
});

Deno.test("a connection that breaks after its backend has spoken is the backend's failure", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  const { client, ended } = await b.connect();
  const { dialled } = b;
  await talk(client, ready);

  ready.reset();
  await ended;

  assertEquals([b.dialled, b.counted("failures")], [dialled, [1, 0]]);
});

Deno.test("a backend that ends its side after a byte was sent still gets the rest", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  const { client, ended } = await b.connect();
  await client.send(bytesOf("some "));
  await settled();

  await ready.closeWrite();
  await settled();
  await client.send(bytesOf("more"));
  await client.closeWrite();

  assertEquals(textOf(await ready.receive()), "some more");
  await ended;
  assertEquals(client.inputEnded, true);
});

Deno.test("a client that leaves without a byte costs no further connection", async () => {
  using b = new AttemptBench();
  const ready = await b.ready();
  const { client, ended } = await b.connect();
  const { dialled } = b;

  client.reset();
  await ended;

  assertEquals([b.dialled, ready.inputEnded, b.inFlight], [dialled, true, 0]);
});

/** The connection that replaces one that cannot be written to. */
async function replaced(b: AttemptBench, client: MemoryConn): Promise<MemoryConn> {
  await client.send(bytesOf(">"));
  const server = await b.first.take();
  assertEquals(textOf(await server.receive(1)), ">");
  return server;
}
