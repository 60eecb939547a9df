import { assertEquals } from "@std/assert";
import { settled } from "../support/fake_clock.ts";
import { IDLE_MS, SpliceBench, TUNNEL_MS } from "../support/splice_bench.ts";

const WORD = new Uint8Array([1, 2, 3]);

async function speak(b: SpliceBench, side: "client" | "server"): Promise<void> {
  await b[side].send(WORD);
  await settled();
}

Deno.test("Splice.run() gives up on two silent sides after the idle timeout", async () => {
  using b = new SpliceBench();
  await b.start();

  await b.paced.pass(IDLE_MS - 100);
  assertEquals(b.end, undefined);
  await b.paced.pass(100);

  assertEquals(b.end, "timeout");
  assertEquals(b.held, []);
});

Deno.test("Splice.run() keeps the idle timeout while only one side has spoken", async () => {
  using b = new SpliceBench();
  await b.start();
  await speak(b, "client");

  await b.paced.pass(IDLE_MS + 50);

  assertEquals(b.end, "timeout");
});

Deno.test("Splice.run() counts the idle timeout from the last byte", async () => {
  using b = new SpliceBench();
  await b.start();

  for (let round = 0; round < 4; round++) {
    await b.paced.pass(IDLE_MS * 0.6);
    await speak(b, "client");
    assertEquals(b.end, undefined);
  }
  await b.paced.pass(IDLE_MS + 50);

  assertEquals(b.end, "timeout");
});

Deno.test("Splice.run() goes by the tunnel timeout once both sides have spoken", async () => {
  using b = new SpliceBench();
  await b.start();
  await speak(b, "client");
  await speak(b, "server");

  await b.paced.pass(TUNNEL_MS - IDLE_MS);
  assertEquals(b.end, undefined);
  await b.paced.pass(IDLE_MS + 50);

  assertEquals(b.end, "timeout");
});

Deno.test("Splice.run() counts the tunnel timeout from the last byte", async () => {
  using b = new SpliceBench();
  await b.start();
  await speak(b, "client");
  await speak(b, "server");

  await b.paced.pass(TUNNEL_MS * 0.8);
  await speak(b, "server");
  await b.paced.pass(TUNNEL_MS * 0.8);

  assertEquals(b.end, undefined);
  await b.paced.pass(TUNNEL_MS * 0.2 + 50);
  assertEquals(b.end, "timeout");
});

for (const side of ["client", "server"] as const) {
  Deno.test(`Splice.run() goes back to the idle timeout when the ${side} has ended`, async () => {
    using b = new SpliceBench();
    await b.start();
    await speak(b, "client");
    await speak(b, "server");
    // So that the timer is set to the tunnel timeout already.
    await b.paced.pass(2 * IDLE_MS);

    await b[side].closeWrite();
    await settled();
    await b.paced.pass(IDLE_MS - 100);
    assertEquals(b.end, undefined);
    await b.paced.pass(150);

    assertEquals(b.end, "timeout");
    assertEquals(b.held, []);
  });
}

Deno.test("Splice.run() gives a half-closed connection that moves all the time it needs", async () => {
  using b = new SpliceBench();
  await b.start();
  await speak(b, "client");
  await b.client.closeWrite();

  for (let round = 0; round < 4; round++) {
    await b.paced.pass(IDLE_MS * 0.6);
    await speak(b, "server");
  }

  assertEquals(b.end, undefined);
  b.splice.abort();
  await settled();
});

Deno.test("Splice.run() gives up on a side that does not take what it is sent", async () => {
  using b = new SpliceBench({ capacityBytes: 100 });
  await b.start();
  const sending = b.client.send(new Uint8Array(10_000)).catch(() => "cut");
  await settled();

  await b.paced.pass(IDLE_MS + 50);

  assertEquals(b.end, "timeout");
  assertEquals(await sending, "cut");
  assertEquals(b.held, []);
});

Deno.test("Splice.run() lets a reader that takes a little at a time take its time", async () => {
  using b = new SpliceBench({ capacityBytes: 100 });
  await b.start();
  const sending = b.client.send(new Uint8Array(10_000)).catch(() => "cut");
  await settled();

  // Far less than one read of the splice, so none of its writes is ever done.
  for (let round = 0; round < 4; round++) {
    await b.paced.pass(IDLE_MS * 0.6);
    await b.server.receive(10);
    await settled();
    assertEquals(b.end, undefined);
  }
  await b.paced.pass(IDLE_MS + 50);

  assertEquals(b.end, "timeout");
  assertEquals(await sending, "cut");
});
