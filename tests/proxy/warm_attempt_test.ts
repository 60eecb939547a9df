import { assertEquals } from "@std/assert";
import { TcpProxy } from "../../lib/proxy/tcp_proxy.ts";
import { settled } from "../support/fake_clock.ts";
import { type MemoryConn, memoryPair } from "../support/memory_conn.ts";
import { bytesOf, textOf } from "../support/memory_http.ts";
import { type MemoryAcceptor } from "../support/memory_transport.ts";
import { CONNECT_TIMEOUT_MS, TcpBench } from "../support/tcp_bench.ts";

/** Two backends, of which the first has one connection ready; the algorithm begins with it. */
class AttemptBench extends TcpBench {
  readonly proxy = new TcpProxy(this.route);
  readonly first: MemoryAcceptor;
  readonly second: MemoryAcceptor;

  constructor() {
    super({ backends: 2, pool: { warm: 1 } });
    this.first = this.open(0);
    this.second = this.open(1);
  }

  /** The backend's end of the connection that is ready. */
  async ready(): Promise<MemoryConn> {
    await this.sweep();
    return await this.first.take();
  }

  /** A client that has come. */
  async connect(): Promise<{ client: MemoryConn; ended: Promise<void> }> {
    const [client, inner] = memoryPair();
    const ended = this.proxy.handle(inner);
    await settled();
    return { client, ended };
  }

  get dialled(): number {
    return this.transport.dialled.length;
  }

  /** The first backend is gone, also for dials that are about to begin. */
  goAway(): void {
    this.parts[Symbol.dispose]();
    this.first[Symbol.dispose]();
  }

  counted(name: "connections" | "connectFailures" | "failures"): number[] {
    return [0, 1].map((index) => this.table.backendTotal(index, name));
  }
}

async function talk(client: MemoryConn, server: MemoryConn): Promise<void> {
  await client.send(bytesOf("question"));
  assertEquals(textOf(await server.receive(8)), "question");
  await server.send(bytesOf("answer"));
  assertEquals(textOf(await client.receive(6)), "answer");
}

async function end(b: AttemptBench, client: MemoryConn, ended: Promise<void>): Promise<void> {
  client.close();
  b.proxy.abortAll();
  await ended;
  assertEquals([b.inFlight, b.proxy.active, b.thread.buffers.lentBytes], [0, 0, 0]);
}

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
    assertEquals([b.inFlight, b.table.listenerTotal(0, "retries")], [1, 0]);
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

/** The connection that replaces one that cannot be written to. */
async function replaced(b: AttemptBench, client: MemoryConn): Promise<MemoryConn> {
  await client.send(bytesOf(">"));
  const server = await b.first.take();
  assertEquals(textOf(await server.receive(1)), ">");
  return server;
}

/** Dials from now on wait for the call of what is returned. */
function holdDials(b: AttemptBench): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const connect = b.transport.connect.bind(b.transport);
  b.transport.connect = async (address, signal) => {
    await promise;
    return await connect(address, signal);
  };
  return resolve;
}

/** Weir's ends of the connections that are opened from now on. */
function noteDials(b: AttemptBench): MemoryConn[] {
  const inner: MemoryConn[] = [];
  const connect = b.transport.connect.bind(b.transport);
  b.transport.connect = async (address, signal) => {
    const conn = await connect(address, signal);
    inner.push(conn);
    return conn;
  };
  return inner;
}
