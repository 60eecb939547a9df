import { assertEquals } from "@std/assert";
import { WarmPool } from "../../lib/proxy/warm_pool.ts";
import { upstreamConfig } from "../support/configs.ts";
import { settled } from "../support/fake_clock.ts";
import { type MemoryAcceptor } from "../support/memory_transport.ts";
import type { MemoryConn } from "../support/memory_conn.ts";
import { CONNECT_TIMEOUT_MS, TcpBench } from "../support/tcp_bench.ts";

class PoolBench extends TcpBench {
  readonly acceptor: MemoryAcceptor;
  readonly warm: WarmPool;
  readonly inner: MemoryConn[] = [];

  constructor(pool: { warm?: number; maxIdle?: number; idleTimeoutMs?: number } = {}) {
    super({ backends: 1 });
    this.acceptor = this.open(0);
    const connect = this.transport.connect.bind(this.transport);
    this.transport.connect = async (address, signal) => {
      const conn = await connect(address, signal);
      this.inner.push(conn);
      return conn;
    };
    const backend = this.upstream.backends.get("b0")!;
    this.warm = new WarmPool({
      backend,
      pool: { ...upstreamConfig("app", []).pool, warm: 2, ...pool },
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      thread: this.thread,
    });
  }

  override async sweep(): Promise<void> {
    this.warm.sweep();
    await settled();
  }

  get dialled(): number {
    return this.transport.dialled.length;
  }

  /** Of the connections that were opened. */
  get closed(): boolean[] {
    return this.inner.map(({ closes }) => closes > 0);
  }
}

Deno.test("WarmPool.sweep() opens what is missing, and max_idle caps it", async () => {
  using b = new PoolBench({ warm: 5, maxIdle: 3 });

  await b.sweep();
  assertEquals([b.warm.size, b.dialled], [3, 3]);
  await b.sweep();

  assertEquals([b.warm.size, b.dialled], [3, 3]);
  assertEquals([b.inFlight, b.table.openToBackend(0)], [0, 0]);
});

Deno.test("WarmPool.take() hands each connection out once, and opens one for one", async () => {
  using b = new PoolBench();
  await b.sweep();

  const taken = [b.warm.take(), b.warm.take(), b.warm.take()];
  await settled();

  assertEquals(taken.map((conn) => conn !== undefined), [true, true, false]);
  assertEquals(new Set(taken).size, 3);
  assertEquals([b.warm.size, b.dialled], [2, 4]);
  assertEquals(b.closed, [false, false, false, false]);
});

Deno.test("WarmPool does not dial a backend that hangs up on idle connections until the next sweep", async () => {
  using b = new PoolBench();
  await b.sweep();

  for (let sweeps = 1; sweeps < 4; sweeps++) {
    for (let i = 0; i < 2; i++) (await b.acceptor.take()).close();
    await settled();
    assertEquals([b.warm.size, b.dialled, b.warm.take()], [0, 2 * sweeps, undefined]);
    await settled();
    assertEquals(b.dialled, 2 * sweeps);
    await b.sweep();
  }
  assertEquals(b.closed.slice(0, 6), Array.from({ length: 6 }, () => true));
});

Deno.test("WarmPool.take() opens one, however many have ended", async () => {
  using b = new PoolBench({ warm: 3 });
  await b.sweep();
  for (let i = 0; i < 2; i++) (await b.acceptor.take()).close();
  await settled();

  assertEquals(b.warm.take() !== undefined, true);
  await settled();

  assertEquals([b.warm.size, b.dialled], [1, 4]);
});

Deno.test("WarmPool.sweep() replaces a connection that was idle for too long", async () => {
  using b = new PoolBench({ idleTimeoutMs: 300 });
  await b.sweep();

  await b.paced.pass(400);
  await b.sweep();

  assertEquals([b.warm.size, b.closed], [2, [true, true, false, false]]);
});

Deno.test("WarmPool tries again at the next sweep when a backend refuses or does not answer", async () => {
  using b = new PoolBench();
  b.acceptor[Symbol.dispose]();
  await b.sweep();
  assertEquals([b.warm.size, b.dialled], [0, 2]);
  b.silence(0);
  await b.sweep();

  // What is still being opened is not opened once more.
  await b.sweep();
  assertEquals(b.dialled, 4);
  await b.paced.pass(CONNECT_TIMEOUT_MS);
  await b.sweep();

  assertEquals(b.dialled, 6);
  assertEquals(b.table.backendTotal(0, "connectFailures"), 0);
});

Deno.test("WarmPool.clear() closes what is idle and breaks off what is being opened", async () => {
  using b = new PoolBench({ warm: 4 });
  await b.sweep();
  for (let i = 0; i < 2; i++) b.warm.take();

  // Two of them are being opened.
  b.warm.clear();
  await settled();
  assertEquals(b.warm.size, 0);
  assertEquals(b.closed.filter((closed) => !closed).length, 2);
  await b.sweep();

  assertEquals(b.warm.size, 4);
});

Deno.test("WarmPool.clear() keeps no connection that comes although it was broken off", async () => {
  using b = new PoolBench();
  const { signal } = new AbortController();
  const connect = b.transport.connect.bind(b.transport);
  // As a Unix socket does, which cannot be broken off.
  b.transport.connect = (address) => connect(address, signal);
  b.warm.sweep();

  b.warm.clear();
  await settled();

  assertEquals([b.warm.size, b.closed], [0, [true, true]]);
});

Deno.test("WarmPool.closeAll() leaves nothing behind, and nothing is opened again", async () => {
  for (const turns of [0, 1, 2, 3, 100]) {
    using b = new PoolBench();
    b.warm.sweep();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();

    b.warm.closeAll();
    await settled();
    await b.sweep();

    assertEquals([b.warm.size, b.dialled], [0, 2]);
    assertEquals(b.closed.includes(false), false);
  }
});

Deno.test("WarmPool.closeAll() does not wait for a backend that does not answer", async () => {
  using b = new PoolBench();
  b.acceptor[Symbol.dispose]();
  b.silence(0);
  const aborted: boolean[] = [];
  const connect = b.transport.connect.bind(b.transport);
  b.transport.connect = (address, signal) => {
    signal.addEventListener("abort", () => aborted.push(true));
    return connect(address, signal);
  };
  await b.sweep();

  b.warm.closeAll();

  assertEquals(aborted, [true, true]);
});
