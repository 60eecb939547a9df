import type { PoolConfig } from "../../lib/config/types.ts";
import type { Address } from "../../lib/core/address.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { MetricTable } from "../../lib/metrics/metric_table.ts";
import { Aborters } from "../../lib/net/aborters.ts";
import { BufferPool } from "../../lib/net/buffers.ts";
import type { TcpRoute, ThreadParts } from "../../lib/proxy/tcp_route.ts";
import { TcpUpstreamParts } from "../../lib/runtime/tcp_upstreams.ts";
import { SharedBackend } from "../../lib/upstream/backend.ts";
import { BalancedUpstream } from "../../lib/upstream/upstream.ts";
import { upstreamConfig } from "./configs.ts";
import { settled } from "./fake_clock.ts";
import { type MemoryAcceptor, MemoryTransport } from "./memory_transport.ts";
import { MemoryLog } from "./memory_log.ts";
import { PacedTimeouts } from "./paced_timeouts.ts";
import { emptyUpstream } from "./upstreams.ts";

/** What a {@linkcode TcpBench} is made of. */
export interface TcpBenchOptions {
  readonly backends?: number;
  readonly retryAttempts?: number;
  /** Differences from a pool that keeps no connection ready. */
  readonly pool?: Partial<PoolConfig>;
}

export const CONNECT_TIMEOUT_MS = 500;

/** A TCP route over a network in memory; backends are numbered from 0 and refuse at first. */
export class TcpBench implements Disposable {
  readonly table: SharedTable;
  readonly transport = new MemoryTransport();
  readonly log = new MemoryLog();
  readonly paced = new PacedTimeouts();
  readonly metrics: MetricTable;
  readonly thread: ThreadParts;
  readonly upstream: BalancedUpstream;
  readonly parts: TcpUpstreamParts;
  readonly route: TcpRoute;

  constructor({ backends = 3, retryAttempts = 2, pool }: TcpBenchOptions = {}) {
    this.table = SharedTable.create({ workers: 1, backends, upstreams: 1, listeners: 1 });
    this.metrics = MetricTable.create({
      workers: 1,
      listeners: [0],
      upstreams: [{ place: 0, backends: Array.from({ length: backends }, (_, place) => place) }],
      links: [{ listener: 0, upstream: 0 }],
    });
    const { timeouts } = this.paced;
    const buffers = new BufferPool();
    this.thread = {
      transport: this.transport,
      buffers,
      aborters: new Aborters(),
      timeouts,
      table: this.table,
      meters: this.metrics.metersOf(0),
      worker: 0,
      now: () => timeouts.nowMs,
      log: this.log,
    };
    this.upstream = this.#upstream(backends);
    const config = upstreamConfig("app", []);
    this.parts = new TcpUpstreamParts(
      { ...config, connectTimeoutMs: CONNECT_TIMEOUT_MS, pool: { ...config.pool, ...pool } },
      this.upstream,
      this.thread,
    );
    const meter = this.thread.meters.listener(0);
    this.route = {
      listener: "front",
      index: 0,
      meter,
      link: meter.to(0),
      upstream: this.upstream,
      key: undefined,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      retryAttempts,
      splice: { buffers, timeouts, idleTimeoutMs: 1000, tunnelTimeoutMs: 10_000 },
      takeWarm: (backend) => this.parts.take(backend),
      thread: this.thread,
    };
  }

  /** Lets a backend take connections. */
  open(backend: number): MemoryAcceptor {
    return this.transport.listen(addressOf(backend));
  }

  /** Lets a backend never answer. */
  silence(backend: number): void {
    this.transport.silence(addressOf(backend));
  }

  /** Work in flight on all backends together. */
  get inFlight(): number {
    let sum = 0;
    for (const { load } of this.upstream.backends.values()) sum += load;
    return sum;
  }

  /** Looks after the connections that are kept ready, as is done every second. */
  async sweep(): Promise<void> {
    this.parts.sweep();
    await settled();
  }

  [Symbol.dispose](): void {
    this.parts[Symbol.dispose]();
    this.paced[Symbol.dispose]();
  }

  #upstream(count: number): BalancedUpstream {
    const { table } = this;
    const upstream = emptyUpstream(table);
    for (let index = 0; index < count; index++) {
      const spec = { id: `b${index}`, address: addressOf(index), weight: 1 };
      upstream.addServer(new SharedBackend(spec, index, table));
    }
    return upstream;
  }
}

/** Where backend number `backend` is. */
export function addressOf(backend: number): Address {
  return { kind: "tcp", hostname: "192.0.2.1", port: 1000 + backend };
}

/** True once `promise` has settled, after everything that can happen by itself has happened. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const settle = () => done = true;
  promise.then(settle, settle);
  await settled();
  return done;
}
