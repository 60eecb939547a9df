import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { settled } from "../support/fake_clock.ts";
import { randomBytes, seededRandom } from "../support/seeded_random.ts";
import { SpliceBench } from "../support/splice_bench.ts";

const HELLO = new TextEncoder().encode("hello");
const ANSWER = new TextEncoder().encode("echo:hello");

for (const seed of [1, 2, 3]) {
  Deno.test(`Splice.run() carries bytes both ways unchanged, seed ${seed}`, async () => {
    const random = seededRandom(seed);
    using b = new SpliceBench({ capacityBytes: 200_000, random });
    const [request, answer] = [randomBytes(random, 300_000), randomBytes(random, 700_000)];
    const ended = b.run();

    const [received, answered] = await Promise.all([
      b.server.receive(),
      b.client.receive(),
      b.client.send(request).then(() => b.client.closeWrite()),
      b.server.send(answer).then(() => b.server.closeWrite()),
    ]);

    assertEquals(await ended, "done");
    // Compared as wholes: a deep comparison of half a million bytes takes seconds.
    assert(received.every((byte, i) => byte === request[i]) && received.length === 300_000);
    assert(answered.every((byte, i) => byte === answer[i]) && answered.length === 700_000);
    assertEquals([b.meter.toServerBytes, b.meter.toClientBytes], [300_000, 700_000]);
    assertEquals(b.held, []);
  });
}

Deno.test("Splice.run() relays the client's half-close and still brings the answer", async () => {
  using b = new SpliceBench();
  const ended = b.run();
  await b.client.send(HELLO);
  await b.client.closeWrite();

  assertEquals(await b.server.receive(), HELLO);
  assertEquals(b.end, undefined);
  await b.server.send(ANSWER);
  await b.server.closeWrite();

  assertEquals(await b.client.receive(), ANSWER);
  assertEquals(await ended, "done");
  assertEquals(b.held, []);
});

Deno.test("Splice.run() relays the backend's half-close and goes on with the request", async () => {
  using b = new SpliceBench();
  const ended = b.run();
  await b.server.send(ANSWER);
  await b.server.closeWrite();

  assertEquals(await b.client.receive(), ANSWER);
  await b.client.send(HELLO);
  await b.client.closeWrite();

  assertEquals(await b.server.receive(), HELLO);
  assertEquals(await ended, "done");
});

Deno.test("Splice.run() ends when both sides end without a word", async () => {
  using b = new SpliceBench();
  const ended = b.run();

  await b.client.closeWrite();
  await b.server.closeWrite();

  assertEquals(await ended, "done");
  assertEquals([b.client.inputEnded, b.server.inputEnded], [true, true]);
  assertEquals(b.held, []);
});

Deno.test("Splice.run() brings the rest of the answer when the backend takes no more", async () => {
  using b = new SpliceBench();
  const ended = b.run();
  b.inner.server.breakWrites();
  await b.client.send(HELLO);
  await settled();
  assertEquals(b.end, undefined);

  await b.server.send(ANSWER);
  await b.server.closeWrite();

  assertEquals(await b.client.receive(), ANSWER);
  assertEquals(await ended, "done");
  assertEquals(b.meter.toServerBytes, 0);
  assertEquals(b.held, []);
});

Deno.test("Splice.run() brings the rest of the request when the client takes no more", async () => {
  using b = new SpliceBench();
  const ended = b.run();
  b.inner.client.breakWrites();
  await b.server.send(ANSWER);
  await settled();
  assertEquals(b.end, undefined);

  await b.client.send(HELLO);
  await b.client.closeWrite();

  assertEquals(await b.server.receive(), HELLO);
  assertEquals(await ended, "done");
});

Deno.test("Splice.run() brings the answer when the half-close cannot be relayed", async () => {
  using b = new SpliceBench();
  const ended = b.run();
  await settled();
  b.inner.server.breakWrites();
  await b.client.closeWrite();
  await settled();

  await b.server.send(ANSWER);
  await b.server.closeWrite();

  assertEquals(await b.client.receive(), ANSWER);
  assertEquals(await ended, "done");
});

Deno.test("Splice.run() closes both sides when the client's side breaks", async () => {
  using b = new SpliceBench();
  const ended = b.run();
  await b.client.send(HELLO);
  await settled();

  b.inner.client.breakReads();

  assertEquals(await ended, "client_error");
  assertEquals(b.held, []);
});

Deno.test("Splice.run() closes both sides when the backend's side breaks", async () => {
  using b = new SpliceBench();
  const ended = b.run();
  await b.server.send(ANSWER);
  await settled();

  b.inner.server.breakReads();

  assertEquals(await ended, "server_error");
  assertEquals(b.held, []);
});

Deno.test("Splice.run() delivers what came before a break", async () => {
  using b = new SpliceBench();
  await b.server.send(ANSWER);
  b.inner.server.readError = new Error("connection reset");

  assertEquals(await b.run(), "server_error");

  assertEquals(b.meter.toClientBytes, ANSWER.length);
});

Deno.test("Splice.run() gives everything back when a side breaks in mid-write", async () => {
  // Room enough to fill large buffers, and too little for a write to end without its reader.
  using b = new SpliceBench({ capacityBytes: 50_000 });
  const ended = b.run();
  const sending = b.client.send(new Uint8Array(300_000)).catch(() => "cut");
  await settled();
  assertGreater(b.buffers.lentBytes, 0);

  b.inner.server.breakReads();

  assertEquals(await ended, "server_error");
  assertEquals(b.held, []);
  assertEquals(await sending, "cut");
});

Deno.test("Splice.run() holds a sender back while the reader does not read", async () => {
  using b = new SpliceBench({ capacityBytes: 10_000 });
  const ended = b.run();
  const sending = b.server.send(new Uint8Array(1_000_000));
  await settled();

  // Both sockets' 10,000 bytes and one buffer: no more may be under way.
  assertLess(b.meter.toClientBytes, 40_000);
  assertEquals(b.client.unread, 10_000);
  const received = b.client.receive(1_000_000);
  await sending;

  assertEquals((await received).length, 1_000_000);
  b.splice.abort();
  await ended;
});

Deno.test("Splice.run() holds no large buffer while it waits", async () => {
  using b = new SpliceBench({ capacityBytes: 1_000_000 });
  await b.start();

  await b.server.send(new Uint8Array(900_000));
  assertEquals((await b.client.receive(900_000)).length, 900_000);
  await settled();

  assertEquals(b.buffers.lentBytes, 0);
  b.splice.abort();
  await settled();
  assertEquals(b.held, []);
});

Deno.test("Splice.abort() closes both sides", async () => {
  using b = new SpliceBench();
  const ended = b.run();
  await b.client.send(HELLO);
  await settled();

  b.splice.abort();
  b.splice.abort();

  assertEquals(await ended, "aborted");
  assertEquals(b.held, []);
});

Deno.test("Splice.abort() before run() lets it end at once", async () => {
  using b = new SpliceBench();

  b.splice.abort();

  assertEquals(await b.run(), "aborted");
  assertEquals(b.held, []);
});

Deno.test("Splice.abort() after the end changes nothing", async () => {
  using b = new SpliceBench();
  await Promise.all([b.client.closeWrite(), b.server.closeWrite()]);
  assertEquals(await b.run(), "done");

  b.splice.abort();

  assertEquals([b.inner.client.closes, b.inner.server.closes], [1, 1]);
});
