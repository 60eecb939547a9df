import type { AccessSink } from "../../lib/access/record.ts";
import type { HeaderChanges, RouteConfig, UpstreamConfig } from "../../lib/config/types.ts";
import type { Address } from "../../lib/core/address.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { MetricTable } from "../../lib/metrics/metric_table.ts";
import type { WheelTimer } from "../../lib/ds/timer_wheel.ts";
import { Aborters } from "../../lib/net/aborters.ts";
import { BufferPool, SMALL_BYTES } from "../../lib/net/buffers.ts";
import { HttpProxy } from "../../lib/proxy/http_proxy.ts";
import type { ThreadParts } from "../../lib/proxy/tcp_route.ts";
import { buildHttpFront } from "../../lib/runtime/http_front.ts";
import { HttpUpstreamParts } from "../../lib/runtime/http_upstreams.ts";
import { SharedBackend } from "../../lib/upstream/backend.ts";
import { BalancedUpstream } from "../../lib/upstream/upstream.ts";
import { tcp, upstreamConfig } from "./configs.ts";
import { settled } from "./fake_clock.ts";
import { type MemoryConn, type MemoryConnOptions, memoryPair } from "./memory_conn.ts";
import { MemoryLog } from "./memory_log.ts";
import { type MemoryAcceptor, MemoryTransport } from "./memory_transport.ts";
import { PacedTimeouts } from "./paced_timeouts.ts";
import { emptyUpstream } from "./upstreams.ts";

export const HEADER_MS = 500;
export const BODY_MS = 2000;
export const IDLE_MS = 3000;
export const RESPONSE_MS = 1000;
export const CONNECT_MS = 400;

const NO_CHANGES: HeaderChanges = { remove: [], set: [], add: [] };
const CLIENT: Address = { kind: "tcp", hostname: "192.0.2.7", port: 50_000 };

/** What differs from a plain listener before one upstream. */
export interface HttpBenchOptions {
  readonly backends?: number;
  readonly upstream?: Partial<UpstreamConfig>;
  readonly routes?: readonly Partial<RouteConfig>[];
  readonly bodyBytes?: number;
  readonly trusted?: readonly string[];
  readonly isSticky?: boolean;
  readonly access?: AccessSink;
}

/** An HTTP listener of one thread over a network in memory. Backends are numbered from 0. */
export class HttpBench implements Disposable {
  readonly transport = new MemoryTransport();
  readonly paced = new PacedTimeouts();
  readonly buffers = new BufferPool();
  readonly log = new MemoryLog();
  readonly table: SharedTable;
  readonly metrics: MetricTable;
  readonly thread: ThreadParts;
  readonly upstream: BalancedUpstream;
  readonly parts: HttpUpstreamParts;
  readonly proxy: HttpProxy;
  readonly acceptors: readonly MemoryAcceptor[];
  /** Every end of a connection that Weir holds. */
  readonly inner: MemoryConn[] = [];
  readonly #timers = new Set<WheelTimer>();

  constructor(options: HttpBenchOptions = {}) {
    const count = options.backends ?? 1;
    this.table = SharedTable.create({ workers: 1, backends: count, upstreams: 1, listeners: 1 });
    this.metrics = MetricTable.create({
      workers: 1,
      listeners: [0],
      upstreams: [{ place: 0, backends: Array.from({ length: count }, (_, place) => place) }],
      links: [{ listener: 0, upstream: 0 }],
    });
    this.acceptors = Array.from({ length: count }, (_, i) => this.transport.listen(tcp(1000 + i)));
    this.thread = {
      transport: this.transport,
      buffers: this.buffers,
      aborters: new Aborters(),
      timeouts: this.#watchedTimeouts(),
      table: this.table,
      meters: this.metrics.metersOf(0),
      worker: 0,
      now: () => this.paced.timeouts.nowMs,
      log: this.log,
    };
    this.upstream = this.#createUpstream(count);
    const config = {
      ...upstreamConfig("app", []),
      connectTimeoutMs: CONNECT_MS,
      responseTimeoutMs: RESPONSE_MS,
      ...options.upstream,
    };
    this.parts = new HttpUpstreamParts({
      config,
      index: 0,
      upstream: this.upstream,
      thread: this.thread,
      random: () => 0.5,
    });
    this.proxy = this.#createProxy(options);
    this.#noteDialled();
  }

  /** A client's connection, being served. */
  connect(options: MemoryConnOptions = {}): Talker {
    const [client, server] = memoryPair({ remote: CLIENT, ...options });
    this.inner.push(server);
    // Never rejects.
    void this.proxy.handle(server);
    return new Talker(client);
  }

  /** The next connection that a backend gets. */
  async take(backend = 0): Promise<Talker> {
    const acceptor = this.acceptors[backend];
    if (acceptor === undefined) throw new RangeError(`Cannot take connection: no ${backend}`);
    return new Talker(await acceptor.take());
  }

  /** Closes idle connections to backends, and says what is still held. */
  async leftovers(): Promise<string[]> {
    await settled();
    this.parts[Symbol.dispose]();
    await settled();
    const left: string[] = [];
    if (this.proxy.active > 0) left.push(`${this.proxy.active} sessions`);
    for (let index = 0; index < this.acceptors.length; index++) {
      if (this.table.inFlight(index) !== 0) left.push(`in flight: ${this.table.inFlight(index)}`);
      const open = this.table.openToBackend(index);
      if (open !== 0) left.push(`open to backend: ${open}`);
    }
    const isOpen = this.inner.filter(({ closes }) => closes === 0);
    if (isOpen.length > 0) left.push(`${isOpen.length} connections`);
    if (this.buffers.lentBytes !== 0) left.push(`large buffers: ${this.buffers.lentBytes}`);
    if (!hasAllSmall(this.buffers)) left.push("small buffers");
    if ([...this.#timers].some(({ scheduled }) => scheduled)) left.push("timers");
    return left;
  }

  /** Total of a counter of the listener. */
  counted(name: Parameters<SharedTable["listenerTotal"]>[1]): number {
    return this.table.listenerTotal(0, name);
  }

  /** How many answers of each status clients got, by a backend or by Weir. */
  get answers(): Record<string, number> {
    const sums: Record<string, number> = {};
    const own = [this.metrics.ownAnswers(0), this.metrics.answers(0, 0)];
    const theirs = this.acceptors.map((_, backend) => this.metrics.answers(0, 0, backend));
    for (const [code, count] of [...own, ...theirs].flat()) sums[code] = (sums[code] ?? 0) + count;
    return sums;
  }

  [Symbol.dispose](): void {
    this.proxy.abortAll();
    this.parts[Symbol.dispose]();
    this.paced[Symbol.dispose]();
  }

  #watchedTimeouts() {
    const { timeouts } = this.paced;
    const schedule = timeouts.schedule.bind(timeouts);
    timeouts.schedule = (timer, delayMs) => {
      this.#timers.add(timer);
      schedule(timer, delayMs);
    };
    return timeouts;
  }

  #noteDialled(): void {
    const connect = this.transport.connect.bind(this.transport);
    this.transport.connect = async (address, signal) => {
      const conn = await connect(address, signal);
      this.inner.push(conn);
      return conn;
    };
  }

  #createUpstream(count: number): BalancedUpstream {
    const { table } = this;
    const upstream = emptyUpstream(table);
    for (let index = 0; index < count; index++) {
      const spec = { id: `b${index}`, address: tcp(1000 + index), weight: 1 };
      upstream.addServer(new SharedBackend(spec, index, table));
    }
    return upstream;
  }

  #createProxy(
    { routes = [{}], bodyBytes = 0, trusted = [], access }: HttpBenchOptions,
  ): HttpProxy {
    const plain: RouteConfig = {
      match: {},
      action: { kind: "forward", split: [{ upstream: "app", weight: 1 }] },
      requestHeaders: NO_CHANGES,
      responseHeaders: NO_CHANGES,
    };
    const front = buildHttpFront({
      config: {
        name: "front",
        protocol: "http",
        address: tcp(80),
        maxConnections: 100,
        tunnelTimeoutMs: 10_000,
        routes: routes.map((route) => ({ ...plain, ...route })),
        limits: { headBytes: 16_384, fieldCount: 50, bodyBytes },
        headerTimeoutMs: HEADER_MS,
        bodyTimeoutMs: BODY_MS,
        idleTimeoutMs: IDLE_MS,
        trustedProxies: trusted,
      },
      index: 0,
      upstreams: new Map([["app", this.parts.http]]),
      thread: this.thread,
      random: () => 0.5,
      access,
    });
    return new HttpProxy(front);
  }
}

/** The far end of a connection, in text: one byte per character. */
export class Talker {
  readonly conn: MemoryConn;

  constructor(conn: MemoryConn) {
    this.conn = conn;
  }

  /** Sends, and lets everything happen that can. */
  async say(text: string): Promise<void> {
    await this.conn.send(bytesOf(text));
    await settled();
  }

  /** Everything that has come since the last call. */
  async hear(): Promise<string> {
    const into = new Uint8Array(65_536);
    let text = "";
    for (;;) {
      await settled();
      if (this.conn.unread === 0) return text;
      const length = await this.conn.read(into);
      text += textOf(into.subarray(0, length ?? 0));
    }
  }

  /** Half-closes. */
  async finish(): Promise<void> {
    await this.conn.closeWrite();
    await settled();
  }

  async close(): Promise<void> {
    this.conn.close();
    await settled();
  }

  async reset(): Promise<void> {
    this.conn.reset();
    await settled();
  }

  /** Nothing more will come. */
  get ended(): boolean {
    return this.conn.inputEnded;
  }
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function textOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** A plain request. */
export function get(path = "/", fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: example.org\r\n${fields}\r\n`;
}

/** An answer with a length. */
export function ok(body = "ok", fields = ""): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
}

/** Small buffers come 64 to a slab: none is lent while the pool can hand out whole slabs. */
function hasAllSmall(pool: BufferPool): boolean {
  const taken: Uint8Array[] = [];
  // The slabs in use are those of what comes first; a fresh one means that they are used up.
  const slabs = new Map<ArrayBufferLike, number>();
  for (let i = 0; i < 512; i++) {
    const buffer = pool.takeSmall();
    taken.push(buffer);
    slabs.set(buffer.buffer, (slabs.get(buffer.buffer) ?? 0) + 1);
  }
  const isWhole = new Set(
    taken.map(({ byteOffset, buffer }) => `${[...slabs.keys()].indexOf(buffer)}:${byteOffset}`),
  );
  for (const buffer of taken) pool.giveSmall(buffer);
  return isWhole.size === 512 && taken.every(({ length }) => length === SMALL_BYTES) &&
    [...slabs.values()].every((count) => count === 64);
}
