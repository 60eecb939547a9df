import { assertEquals, assertRejects } from "@std/assert";
import { createBodyDecoder } from "../../lib/http/body.ts";
import { DEFAULT_CHUNK_LIMITS } from "../../lib/http/limits.ts";
import { BufferPool } from "../../lib/net/buffers.ts";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import { decodeLatin1Fast } from "../../lib/net/latin1.ts";
import { MessageWriter, relayBody } from "../../lib/proxy/body_relay.ts";
import { ExchangeError } from "../../lib/proxy/exchange_error.ts";
import { memoryPair } from "../support/memory_conn.ts";
import { bytesOf, get, HttpBench } from "../support/memory_http.ts";

Deno.test("relayBody() sets no deadline any more once it is cancelled", async () => {
  const buffers = new BufferPool();
  const [client, from] = memoryPair();
  const [to] = memoryPair();
  const framing = { kind: "length", length: 10 } as const;
  const reader = new ByteReader(from, buffers, "small");
  const writer = new MessageWriter(to, framing, new Uint8Array(16_384), 0);
  const calls: string[] = [];
  let isCancelled = false;
  await client.send(bytesOf("01234"));

  const relaying = relayBody(reader, {
    decoder: createBodyDecoder(framing, {
      limits: DEFAULT_CHUNK_LIMITS,
      decode: decodeLatin1Fast,
      side: "request",
    }),
    writer,
    beforeRead: () => calls.push("read"),
    beforeWrite: () => {
      calls.push("write");
      // Whoever cancels it has set the next deadline, which is not this one's to move.
      if (calls.length > 2) isCancelled = true;
    },
    onDelivered: () => {},
    isCancelled: () => isCancelled,
    faults: { read: "client", write: "reset" },
  });

  await assertRejects(() => relaying, ExchangeError, "Connection is gone");
  assertEquals(calls, ["write", "read", "write", "write"]);
  client.close();
  from.close();
  reader.release();
});

Deno.test("HttpExchange counts the bytes of an upload as they are delivered", async () => {
  using b = new HttpBench();
  const client = b.connect();
  const counts: number[] = [];
  const note = () => counts.push(b.table.backendTotal(0, "bytesToBackend"));
  await client.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 30000\r\n\r\n");
  const server = await b.take();

  note();
  for (const size of [5, 9995, 10_000]) {
    await client.say("x".repeat(size));
    note();
  }
  await server.reset();
  await client.hear();
  note();

  assertEquals(counts, [0, 5, 10_000, 20_000, 20_000]);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange counts the bytes of an answer as they are delivered", async () => {
  using b = new HttpBench();
  const client = b.connect();
  const counts: number[] = [];
  const note = () => counts.push(b.table.backendTotal(0, "bytesToClient"));
  await client.say(get());
  const server = await b.take();

  await server.say("HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n");
  note();
  for (const size of [5, 9995, 10_000]) {
    await server.say("x".repeat(size));
    note();
  }
  await server.reset();
  note();

  assertEquals(counts, [0, 5, 10_000, 20_000, 20_000]);
  await client.close();
  assertEquals(await b.leftovers(), []);
});
