import { assertEquals } from "@std/assert";
import { TcpProxy } from "../../lib/proxy/tcp_proxy.ts";
import { settled } from "./fake_clock.ts";
import { type MemoryConn, memoryPair } from "./memory_conn.ts";
import { bytesOf, textOf } from "./memory_http.ts";
import type { MemoryAcceptor } from "./memory_transport.ts";
import { TcpBench } from "./tcp_bench.ts";

/** Two backends, of which the first has one connection ready; the algorithm begins with it. */
export class AttemptBench extends TcpBench {
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

/** A question and its answer. */
export async function talk(client: MemoryConn, server: MemoryConn): Promise<void> {
  await client.send(bytesOf("question"));
  assertEquals(textOf(await server.receive(8)), "question");
  await server.send(bytesOf("answer"));
  assertEquals(textOf(await client.receive(6)), "answer");
}

/** Ends what is open, and checks that nothing is left. */
export async function end(
  b: AttemptBench,
  client: MemoryConn,
  ended: Promise<void>,
): Promise<void> {
  client.close();
  b.proxy.abortAll();
  await ended;
  assertEquals([b.inFlight, b.proxy.active, b.thread.buffers.lentBytes], [0, 0, 0]);
}

/** Dials from now on wait for the call of what is returned. */
export function holdDials(b: AttemptBench): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const connect = b.transport.connect.bind(b.transport);
  b.transport.connect = async (address, signal) => {
    await promise;
    return await connect(address, signal);
  };
  return resolve;
}

/** Weir's ends of the connections that are opened from now on. */
export function noteDials(b: AttemptBench): MemoryConn[] {
  const inner: MemoryConn[] = [];
  const connect = b.transport.connect.bind(b.transport);
  b.transport.connect = async (address, signal) => {
    const conn = await connect(address, signal);
    inner.push(conn);
    return conn;
  };
  return inner;
}
