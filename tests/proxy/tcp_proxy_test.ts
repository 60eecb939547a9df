import { assertEquals } from "@std/assert";
import { TcpProxy } from "../../lib/proxy/tcp_proxy.ts";
import { settled } from "../support/fake_clock.ts";
import { type MemoryConn, memoryPair } from "../support/memory_conn.ts";
import { CONNECT_TIMEOUT_MS, TcpBench, type TcpBenchOptions } from "../support/tcp_bench.ts";

const HELLO = new TextEncoder().encode("hello");

class ProxyBench extends TcpBench {
  readonly proxy = new TcpProxy(this.route);

  constructor(options: TcpBenchOptions = {}) {
    super(options);
  }

  /** A client's connection, being served. */
  connect(): { client: MemoryConn; inner: MemoryConn; ended: Promise<void> } {
    const [client, inner] = memoryPair({
      remote: { kind: "tcp", hostname: "192.0.2.9", port: 4000 },
    });
    return { client, inner, ended: this.proxy.handle(inner) };
  }

  /** Nothing is left of any connection. */
  assertClean(): void {
    assertEquals([this.inFlight, this.proxy.active], [0, 0]);
    assertEquals(this.thread.buffers.lentBytes, 0);
  }
}

Deno.test("TcpProxy.handle() carries a connection to a backend and counts it", async () => {
  using b = new ProxyBench();
  const acceptor = b.open(0);
  const { client, ended } = b.connect();
  const server = await acceptor.take();
  assertEquals([b.inFlight, b.proxy.active], [1, 1]);

  await client.send(HELLO);
  await client.closeWrite();
  assertEquals(await server.receive(), HELLO);
  await server.send(HELLO);
  await server.closeWrite();

  assertEquals(await client.receive(), HELLO);
  await ended;
  assertEquals(b.table.backendTotal(0, "connections"), 1);
  assertEquals(b.table.backendTotal(0, "bytesToBackend"), HELLO.length);
  assertEquals(b.table.backendTotal(0, "bytesToClient"), HELLO.length);
  assertEquals(b.table.backendTotal(0, "failures"), 0);
  assertEquals(b.metrics.traffic(0), { received: HELLO.length, sent: HELLO.length });
  assertEquals(b.metrics.connects(0).count, 1);
  assertEquals(b.log.fieldsOf("Connection ended"), [
    { listener: "front", client: "192.0.2.9:4000", backend: "b0", end: "done" },
  ]);
  b.assertClean();
});

Deno.test("TcpProxy.handle() closes the client when there is no backend", async () => {
  using b = new ProxyBench();
  for (const id of ["b0", "b1", "b2"]) b.upstream.setHealth(id, false);
  const { client, inner, ended } = b.connect();

  await ended;

  assertEquals((await client.receive()).length, 0);
  assertEquals([inner.closes, b.table.listenerTotal(0, "noBackend")], [1, 1]);
  assertEquals(b.metrics.rejected(0), [["no_backend", 1]]);
  b.assertClean();
});

Deno.test("TcpProxy.handle() closes the client when every backend refuses", async () => {
  using b = new ProxyBench();
  const { inner, ended } = b.connect();

  await ended;

  assertEquals([inner.closes, b.table.listenerTotal(0, "noBackend")], [1, 1]);
  b.assertClean();
});

Deno.test("TcpProxy.handle() tells of missing backends once a second", async () => {
  using b = new ProxyBench({ backends: 0 });

  for (let client = 0; client < 10; client++) await b.connect().ended;
  await b.paced.pass(1000);
  await b.connect().ended;

  assertEquals(b.log.fieldsOf("Connection closed: no backend available"), [
    { listener: "front", upstream: "app", reason: "no_backend", suppressed: 0 },
    { listener: "front", upstream: "app", reason: "no_backend", suppressed: 9 },
  ]);
  assertEquals(b.table.listenerTotal(0, "noBackend"), 11);
});

Deno.test("TcpProxy.handle() gives the slot back when the client breaks", async () => {
  using b = new ProxyBench();
  const acceptor = b.open(0);
  const { inner, ended } = b.connect();
  const server = await acceptor.take();

  inner.breakReads();
  await ended;

  assertEquals(server.inputEnded, true);
  assertEquals(b.table.backendTotal(0, "failures"), 0);
  b.assertClean();
});

Deno.test("TcpProxy.handle() gives the slot back and blames a backend that breaks", async () => {
  using b = new ProxyBench();
  const acceptor = b.open(0);
  const { client, ended } = b.connect();
  const server = await acceptor.take();

  server.reset();
  await ended;

  assertEquals(client.inputEnded, true);
  assertEquals(b.table.backendTotal(0, "failures"), 1);
  b.assertClean();
});

Deno.test("TcpProxy.handle() gives the slot back after a timeout, blaming nobody", async () => {
  using b = new ProxyBench();
  b.open(0);
  const { client, ended } = b.connect();
  await settled();

  await b.paced.pass(1050);
  await ended;

  assertEquals(client.inputEnded, true);
  assertEquals(b.table.backendTotal(0, "failures"), 0);
  b.assertClean();
});

Deno.test("TcpProxy.abortAll() cuts connections that carry bytes and those that dial", async () => {
  using b = new ProxyBench({ backends: 2 });
  b.open(0);
  b.silence(1);
  const carrying = b.connect();
  await settled();
  const dialling = b.connect();
  await settled();
  assertEquals([b.proxy.active, b.inFlight], [2, 2]);

  b.proxy.abortAll();
  await Promise.all([carrying.ended, dialling.ended]);

  assertEquals([carrying.client.inputEnded, dialling.client.inputEnded], [true, true]);
  assertEquals(b.table.backendTotal(1, "connectFailures"), 0);
  assertEquals(b.table.listenerTotal(0, "noBackend"), 0);
  b.assertClean();
});

Deno.test("TcpProxy.abortAll() cuts a connection whose backend has just answered", async () => {
  // At every moment between dialling and carrying bytes.
  for (let turns = 0; turns < 10; turns++) {
    using b = new ProxyBench({ backends: 1 });
    b.open(0);
    const { client, ended } = b.connect();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();

    b.proxy.abortAll();
    await ended;

    assertEquals(client.inputEnded, true);
    b.assertClean();
  }
});

Deno.test("TcpProxy.handle() gives the slot back after a connect timeout", async () => {
  using b = new ProxyBench({ backends: 1 });
  b.silence(0);
  const { client, ended } = b.connect();

  await b.paced.pass(CONNECT_TIMEOUT_MS + 50);
  await ended;

  assertEquals(client.inputEnded, true);
  b.assertClean();
});

Deno.test("TcpProxy.handle() serves many connections apart from each other", async () => {
  using b = new ProxyBench();
  const acceptors = [0, 1, 2].map((backend) => b.open(backend));
  const clients = Array.from({ length: 30 }, () => b.connect());
  for (const acceptor of acceptors) {
    for (let i = 0; i < 10; i++) void echo(await acceptor.take());
  }

  const answers = await Promise.all(clients.map(async ({ client }, number) => {
    await client.send(new Uint8Array(100).fill(number));
    await client.closeWrite();
    return await client.receive();
  }));

  for (const [number, answer] of answers.entries()) {
    assertEquals(answer, new Uint8Array(100).fill(number));
  }
  await Promise.all(clients.map(({ ended }) => ended));
  b.assertClean();
});

async function echo(conn: MemoryConn): Promise<void> {
  await conn.send(await conn.receive());
  await conn.closeWrite();
}
