import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Connecting } from "../../lib/proxy/connect.ts";
import { ExchangeError } from "../../lib/proxy/exchange_error.ts";
import { tcp, upstreamConfig } from "../support/configs.ts";
import { settled } from "../support/fake_clock.ts";
import { bytesOf, CONNECT_MS, get, HttpBench, ok } from "../support/memory_http.ts";

const { pool: POOL } = upstreamConfig("app", []);

function poolOf(b: HttpBench) {
  return b.parts.http.poolOf(b.upstream.backends.get("b0")!);
}

async function faultOf(opening: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => opening, ExchangeError)).fault;
}

Deno.test("BackendPool.open() opens no more than max_active, over all threads", async () => {
  using b = new HttpBench({ upstream: { pool: { ...POOL, maxActive: 2 } } });
  const pool = poolOf(b);
  const first = await pool.open(new Connecting(b.thread));
  await pool.open(new Connecting(b.thread));

  assertEquals(await faultOf(pool.open(new Connecting(b.thread))), "pool_exhausted");
  assertEquals(b.table.backendTotal(0, "poolExhausted"), 1);
  first.close();
  first.close();

  const third = await pool.open(new Connecting(b.thread));
  assertEquals([third.isOpen, b.table.openToBackend(0)], [true, 2]);
});

Deno.test("BackendPool.open() gives its slot back on each way out", async () => {
  using b = new HttpBench({ backends: 1 });
  const pool = poolOf(b);

  b.transport.silence(tcp(1000));
  const late = pool.open(new Connecting(b.thread));
  const lateFault = faultOf(late);
  await b.paced.pass(CONNECT_MS);
  assertEquals(await lateFault, "connect_timeout");

  const connecting = new Connecting(b.thread);
  const aborted = faultOf(pool.open(connecting));
  connecting.abort();
  assertEquals(await aborted, "client");

  b.transport.connect = () => Promise.reject(new Error("no"));
  assertEquals(await faultOf(pool.open(new Connecting(b.thread))), "connect");
  assertEquals(await b.leftovers(), []);
});

Deno.test("BackendPool closes an idle connection when its backend ends or breaks it, or speaks", async () => {
  for (const how of ["finish", "close", "reset", "say"] as const) {
    using b = new HttpBench();
    const client = b.connect();
    await client.say(get());
    const server = await b.take();
    await server.say(ok());
    assertEquals(poolOf(b).size, 1);

    await server[how]("HTTP/1.1 408 Timeout\r\n\r\n");

    assertEquals([poolOf(b).size, b.table.openToBackend(0)], [0, 0], how);
    await client.hear();
    await client.say(get("/next"));
    await (await b.take()).say(ok("fine"));
    assertStringIncludes(await client.hear(), "fine");
    await client.close();
    assertEquals(await b.leftovers(), []);
  }
});

Deno.test("BackendPool hands a connection to one exchange at a time", async () => {
  using b = new HttpBench();
  const clients = [b.connect(), b.connect(), b.connect()];
  for (const client of clients) await client.say(get());
  const servers = [await b.take(), await b.take(), await b.take()];
  for (const [number, server] of servers.entries()) await server.say(ok(`<${number}>`));
  for (const client of clients) await client.hear();
  assertEquals(poolOf(b).size, 3);

  for (const [number, client] of clients.entries()) await client.say(get(`/${number}`));
  for (const server of servers) {
    const [, path] = /GET \/(\d)/.exec(await server.hear()) ?? [];
    await server.say(ok(`<${path}>`));
  }

  for (const [number, client] of clients.entries()) {
    assertStringIncludes(await client.hear(), `<${number}>`);
    await client.close();
  }
  assertEquals(b.transport.dialled.length, 3);
  assertEquals(await b.leftovers(), []);
});

Deno.test("BackendPool keeps connections ready, and none when a backend is away", async () => {
  using b = new HttpBench({ upstream: { pool: { ...POOL, warm: 2 } } });
  b.parts.sweep();
  await settled();
  assertEquals([poolOf(b).size, b.table.openToBackend(0)], [2, 2]);

  b.acceptors[0]![Symbol.dispose]();
  poolOf(b).take()?.close();
  b.parts.sweep();
  await settled();

  assertEquals([poolOf(b).size, b.table.openToBackend(0)], [1, 1]);
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange tries again for free when an idle connection turns out dead", async () => {
  using b = new HttpBench({ upstream: { retry: { attempts: 0, on: [], budget: 0 } } });
  const client = b.connect();
  await client.say(get());
  const server = await b.take();
  await server.say(ok());
  await client.hear();

  // Both are on their way at once.
  await client.conn.send(new TextEncoder().encode(get("/again")));
  server.conn.reset();
  const second = await b.take();
  await second.say(ok("fine"));

  assertStringIncludes(await client.hear(), "fine");
  assertEquals(b.table.backendTotal(0, "failures"), 0);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

for (const method of ["GET", "POST"]) {
  Deno.test(`HttpExchange: the first use of a warm connection may find it dead: ${method}`, async () => {
    using b = new HttpBench({
      upstream: { retry: { attempts: 0, on: [], budget: 0 }, pool: { ...POOL, warm: 1 } },
    });
    b.parts.sweep();
    const warm = await b.take();
    const client = b.connect();

    await client.conn.send(bytesOf(get().replace("GET", method)));
    warm.conn.reset();
    await settled();
    if (method === "GET") await (await b.take()).say(ok("fine"));

    assertStringIncludes(await client.hear(), method === "GET" ? "fine" : " 502 ");
    assertEquals(b.table.backendTotal(0, "failures"), method === "GET" ? 0 : 1);
    await client.close();
    assertEquals(await b.leftovers(), []);
  });
}

Deno.test("BackendPool counts the first use of a warm connection as a new one", async () => {
  using b = new HttpBench({ upstream: { pool: { ...POOL, warm: 1 } } });
  b.parts.sweep();
  const server = await b.take();
  const client = b.connect();

  for (let i = 0; i < 2; i++) {
    await client.say(get());
    await server.say(ok());
  }

  assertEquals(b.transport.dialled.length, 1);
  const count = (name: "connections" | "reuses") => b.table.backendTotal(0, name);
  assertEquals([count("connections"), count("reuses")], [1, 1]);
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("BackendPool keeps no more ready than max_active allows, and counts nobody turned away", async () => {
  using b = new HttpBench({ upstream: { pool: { ...POOL, warm: 3, maxActive: 2 } } });

  b.parts.sweep();
  await settled();

  assertEquals([poolOf(b).size, b.table.openToBackend(0)], [2, 2]);
  assertEquals(b.table.backendTotal(0, "poolExhausted"), 0);
  assertEquals(await b.leftovers(), []);
});

Deno.test("BackendPool breaks off what is being opened when it is closed", async () => {
  using b = new HttpBench({ upstream: { pool: { ...POOL, warm: 2 } } });
  b.transport.silence(tcp(1000));
  b.parts.sweep();
  await settled();
  assertEquals(b.table.openToBackend(0), 2);

  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpUpstreamParts closes the idle connections of a backend that is down", async () => {
  using b = new HttpBench();
  const conn = await poolOf(b).open(new Connecting(b.thread));
  poolOf(b).give(conn);

  b.parts.sweep();
  assertEquals(poolOf(b).size, 1);
  b.upstream.setHealth("b0", false);
  b.parts.sweep();

  assertEquals([poolOf(b).size, conn.isOpen], [0, false]);
});

Deno.test("HttpUpstreamParts breaks off what is being opened to a backend that goes down", async () => {
  using b = new HttpBench({ upstream: { pool: { ...POOL, warm: 2 } } });
  b.transport.silence(tcp(1000));
  b.parts.sweep();
  await settled();

  b.upstream.setHealth("b0", false);
  b.parts.sweep();
  await settled();

  assertEquals(b.table.openToBackend(0), 0);
});

Deno.test("A timer, a watch and a sender of a past exchange leave its connection alone", async () => {
  using b = new HttpBench();
  const first = b.connect();
  await first.say(get());
  const server = await b.take();
  await server.say(ok());
  await first.hear();
  const second = b.connect();
  await second.say(get("/second"));
  await server.hear();

  // Of the first: its client goes away while the second waits.
  await first.close();
  assert(!server.ended);
  await server.say(ok("second"));

  assertStringIncludes(await second.hear(), "second");
  await second.close();
  assertEquals(b.transport.dialled.length, 1);
  assertEquals(await b.leftovers(), []);
});

Deno.test("UpstreamConn.cut() ends it under its reader and gives back nothing yet", async () => {
  using b = new HttpBench();
  const conn = await poolOf(b).open(new Connecting(b.thread));
  const reading = conn.reader.fill();
  const { lentBytes } = b.buffers;

  conn.cut();
  await assertRejects(() => reading);
  assertEquals([conn.isOpen, conn.usable, b.buffers.lentBytes], [false, false, lentBytes]);
  assertEquals(b.table.openToBackend(0), 1);
  poolOf(b).give(conn);

  assertEquals([poolOf(b).size, b.table.openToBackend(0), b.buffers.lentBytes], [0, 0, 0]);
  assertEquals(await b.leftovers(), []);
});
