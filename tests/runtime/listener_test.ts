import { assert, assertEquals } from "@std/assert";
import type { Conn } from "../../lib/net/transport.ts";
import { type ConnHandler, Listener } from "../../lib/runtime/listener.ts";
import { listenerConfig } from "../support/configs.ts";
import { settled } from "../support/fake_clock.ts";
import type { MemoryConn } from "../support/memory_conn.ts";
import { MemoryAcceptor } from "../support/memory_transport.ts";
import { isSettled, TcpBench } from "../support/tcp_bench.ts";

/** A listener whose connections end when the test says so. */
class ListenerBench extends TcpBench {
  readonly acceptor = new MemoryAcceptor();
  readonly handled: { readonly conn: Conn; end(): void; fail(error: Error): void }[] = [];
  readonly listener: Listener;
  readonly running: Promise<void>;

  constructor(maxConnections = 100, handler?: ConnHandler) {
    super();
    this.listener = new Listener({
      acceptor: this.acceptor,
      service: {
        config: listenerConfig({ maxConnections }),
        index: 0,
        handler: handler ?? ((conn) => this.#handle(conn)),
      },
      thread: this.thread,
    });
    this.running = this.listener.run();
  }

  /** Clients that connect one after the other. */
  async connect(count: number): Promise<MemoryConn[]> {
    const clients = Array.from({ length: count }, () => this.acceptor.connect());
    await settled();
    return clients;
  }

  #handle(conn: Conn): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.handled.push({ conn, end: resolve, fail: reject });
    return promise;
  }
}

Deno.test("Listener.run() hands connections on and counts them", async () => {
  using b = new ListenerBench();

  await b.connect(3);
  assertEquals([b.handled.length, b.table.active(0)], [3, 3]);
  b.handled[1]!.end();
  await settled();

  assertEquals([b.table.active(0), b.table.listenerTotal(0, "accepted")], [2, 3]);
});

Deno.test("Listener.run() ends when the listener is disposed, connections do not", async () => {
  using b = new ListenerBench();
  await b.connect(2);

  b.listener[Symbol.dispose]();
  await b.running;

  assertEquals(b.table.active(0), 2);
});

Deno.test("Listener.run() survives accepts that fail", async () => {
  using b = new ListenerBench();
  b.acceptor.fail("Too many open files");
  b.acceptor.fail("Too many open files");
  b.acceptor.connect();

  // Two pauses of 100 ms, by the real clock.
  while (b.handled.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));

  assertEquals(b.log.categoryOf("Cannot accept connections"), "listener");
  assertEquals(b.log.fieldsOf("Cannot accept connections"), [
    { listener: "front", error: "Too many open files", suppressed: 0 },
  ]);
  b.listener[Symbol.dispose]();
  await b.running;
});

Deno.test("Listener.run() survives a handler that rejects, and closes its connection", async () => {
  using b = new ListenerBench();
  const [client] = await b.connect(1);

  b.handled[0]!.fail(new TypeError("oops"));
  await settled();
  await b.connect(1);

  assert(client!.inputEnded);
  assertEquals([b.handled.length, b.table.active(0)], [2, 1]);
  assertEquals(b.log.fieldsOf("Connection handler failed"), [{ listener: "front", error: "oops" }]);
});

Deno.test("Listener.run() survives a handler that throws at once", async () => {
  using b = new ListenerBench(100, () => {
    throw new TypeError("oops");
  });

  const clients = await b.connect(3);

  assert(clients.every(({ inputEnded }) => inputEnded));
  assertEquals([b.table.active(0), b.table.listenerTotal(0, "accepted")], [0, 3]);
  assertEquals(b.log.fieldsOf("Connection handler failed").length, 3);
});

Deno.test("Listener.run() closes connections beyond max_connections", async () => {
  using b = new ListenerBench(2);

  const clients = await b.connect(5);
  assertEquals(clients.map(({ inputEnded }) => inputEnded), [false, false, true, true, true]);
  assertEquals([b.table.active(0), b.table.listenerTotal(0, "rejected")], [2, 3]);
  b.handled[0]!.end();
  await settled();
  const [next] = await b.connect(1);

  assertEquals([next!.inputEnded, b.table.listenerTotal(0, "accepted")], [false, 3]);
});

Deno.test("Listener.run() tells of refused connections once a second", async () => {
  using b = new ListenerBench(0);

  await b.connect(20);

  const message = "Connection refused: listener is at max_connections";
  assertEquals(b.log.categoryOf(message), "listener");
  assertEquals(b.log.fieldsOf(message), [
    { listener: "front", max: 0, suppressed: 0 },
  ]);
});

Deno.test("Listener.run() counts max_connections over all threads", async () => {
  using b = new ListenerBench(2);
  b.table.tryOpen(0, 0, 2);

  const clients = await b.connect(2);

  assertEquals(clients.map(({ inputEnded }) => inputEnded), [false, true]);
});

Deno.test("Listener.idle() resolves at once when nothing is open", async () => {
  using b = new ListenerBench();

  await b.listener.idle();

  assertEquals(b.table.active(0), 0);
});

Deno.test("Listener.idle() resolves for all who wait when the last connection has ended", async () => {
  using b = new ListenerBench();
  await b.connect(2);
  b.listener[Symbol.dispose]();
  const idle = [b.listener.idle(), b.listener.idle()];

  b.handled[0]!.end();
  assertEquals(await isSettled(Promise.race(idle)), false);
  b.handled[1]!.fail(new Error("oops"));

  assertEquals(await isSettled(Promise.all(idle)), true);
});
