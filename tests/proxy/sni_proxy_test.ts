import { assertEquals } from "@std/assert";
import type { LogFields } from "../../lib/core/log.ts";
import { SniProxy } from "../../lib/proxy/sni_proxy.ts";
import { TcpProxy } from "../../lib/proxy/tcp_proxy.ts";
import { NameMap } from "../../lib/route/name_map.ts";
import { settled } from "../support/fake_clock.ts";
import { helloFor, inRecords } from "../support/hellos.ts";
import { memoryPair } from "../support/memory_conn.ts";
import { TcpBench } from "../support/tcp_bench.ts";

const ALERT = Uint8Array.of(21, 3, 3, 0, 2, 2, 112);
const CLIENT = { kind: "tcp", hostname: "192.0.2.9", port: 4000 } as const;

/** A listener with a route for a.example to backend 0. */
class SniBench extends TcpBench {
  readonly routed = new TcpProxy(this.route);
  readonly noHello: LogFields[] = [];
  readonly unknown: LogFields[] = [];
  readonly proxy: SniProxy;

  constructor({ hasFallback = false, isOverRate = false } = {}) {
    super({ backends: 1 });
    this.proxy = new SniProxy({
      routes: new NameMap([["a.example", this.routed]]),
      fallback: hasFallback ? this.routed : undefined,
      timeoutMs: 1000,
      proxies: [this.routed],
      isOverRate: () => isOverRate,
      onNoHello: (fields) => this.noHello.push(fields),
      onUnknownName: (fields) => this.unknown.push(fields),
      thread: this.thread,
    });
  }

  connect() {
    const [client, inner] = memoryPair({ remote: CLIENT });
    return { client, inner, ended: this.proxy.handle(inner) };
  }
}

Deno.test("SniProxy.handle() replays the hello to the backend of the name, and splices", async () => {
  using b = new SniBench();
  const acceptor = b.open(0);
  const { client, ended } = b.connect();
  const hello = Uint8Array.of(...helloFor("A.Example."), 9, 9);

  for (const byte of hello) await client.send(Uint8Array.of(byte));
  const server = await acceptor.take();
  assertEquals(await server.receive(hello.length), hello);
  await server.send(Uint8Array.of(1));
  assertEquals(await client.receive(1), Uint8Array.of(1));
  await client.closeWrite();
  await server.closeWrite();
  await ended;

  assertEquals(b.log.fieldsOf("Connection ended"), [
    {
      listener: "front",
      client: "192.0.2.9:4000",
      name: "a.example",
      backend: "b0",
      end: "done",
    },
  ]);
  assertEquals([b.inFlight, b.thread.buffers.lentBytes], [0, 0]);
});

Deno.test("SniProxy.handle() tells a client of an unknown name, and reads what it still sends", async () => {
  using b = new SniBench();
  b.open(0);
  const { client, inner, ended } = b.connect();

  await client.send(helloFor("b.example"));
  assertEquals(await client.receive(), ALERT);
  await client.send(Uint8Array.of(1));
  await settled();
  assertEquals([inner.closes, inner.unread], [0, 0]);
  await client.closeWrite();
  await ended;

  assertEquals(b.unknown, [{ client: "192.0.2.9:4000", name: "b.example" }]);
  assertEquals([inner.closes, b.transport.dialled], [1, []]);
});

Deno.test("SniProxy.handle() cuts a client that stays after it was turned away", async () => {
  using b = new SniBench();
  const { client, inner, ended } = b.connect();

  await client.send(helloFor("b.example"));
  await settled();
  await b.paced.pass(1000);
  await ended;

  assertEquals(inner.closes > 0, true);
});

Deno.test("SniProxy.handle() gives unknown names, and clients without one, to the fallback", async () => {
  using b = new SniBench({ hasFallback: true });
  const acceptor = b.open(0);
  const hellos = [helloFor("b.example"), helloFor("192.0.2.1")];

  for (const hello of hellos) {
    const { client, ended } = b.connect();
    await client.send(hello);
    const server = await acceptor.take();
    assertEquals(await server.receive(hello.length), hello);
    client.close();
    server.close();
    await ended;
  }

  assertEquals(b.unknown, []);
});

const NO_HELLOS: readonly [what: string, bytes: Uint8Array, reason: string][] = [
  ["speaks HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\n"), "no TLS handshake"],
  ["sends a hello that lies", inRecords([3, 3]), "a length in the ClientHello is wrong"],
];

for (const [what, bytes, reason] of NO_HELLOS) {
  Deno.test(`SniProxy.handle() closes a client that ${what}, even with a fallback`, async () => {
    using b = new SniBench({ hasFallback: true });
    b.open(0);
    const { client, inner, ended } = b.connect();

    await client.send(bytes);
    await ended;

    assertEquals(b.noHello, [{ client: "192.0.2.9:4000", reason }]);
    assertEquals([inner.closes, b.transport.dialled], [1, []]);
  });
}

Deno.test("SniProxy.handle() closes a client whose hello is slow", async () => {
  using b = new SniBench();
  const { client, ended } = b.connect();

  await client.send(helloFor("a.example").subarray(0, 20));
  await settled();
  await b.paced.pass(1000);
  await ended;

  assertEquals(b.noHello, [{ client: "192.0.2.9:4000", reason: "not there in time" }]);
});

Deno.test("SniProxy.handle() says nothing of a check that only connects", async () => {
  using b = new SniBench();
  const { client, inner, ended } = b.connect();

  await client.closeWrite();
  await ended;

  assertEquals([b.noHello, inner.closes], [[], 1]);
});

Deno.test("SniProxy.handle() closes a client that is over the rate before it says hello", async () => {
  using b = new SniBench({ isOverRate: true });
  const { inner, ended } = b.connect();

  await ended;

  assertEquals([inner.closes, b.noHello], [1, []]);
});

Deno.test("SniProxy.abortAll() cuts who has not said hello and who was turned away", async () => {
  using b = new SniBench();
  const silent = b.connect();
  const away = b.connect();
  await away.client.send(helloFor("b.example"));
  await settled();

  b.proxy.abortAll();
  await Promise.all([silent.ended, away.ended]);

  assertEquals(b.noHello, []);
});
