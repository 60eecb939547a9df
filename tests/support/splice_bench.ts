import type { Meter } from "../../lib/core/types.ts";
import type { WheelTimer } from "../../lib/ds/timer_wheel.ts";
import { BufferPool, SMALL_BYTES } from "../../lib/net/buffers.ts";
import { Splice, type SpliceEnd } from "../../lib/net/splice.ts";
import { settled } from "./fake_clock.ts";
import { type MemoryConn, type MemoryConnOptions, memoryPair } from "./memory_conn.ts";
import { PacedTimeouts } from "./paced_timeouts.ts";

export const IDLE_MS = 1000;
export const TUNNEL_MS = 10_000;

/** Counts delivered bytes. */
class FakeMeter implements Meter {
  toServerBytes = 0;
  toClientBytes = 0;

  toServer(bytes: number): void {
    this.toServerBytes += bytes;
  }

  toClient(bytes: number): void {
    this.toClientBytes += bytes;
  }
}

/** A splice between two in-memory connections whose far ends the test plays. */
export class SpliceBench implements Disposable {
  /** The client's own end. */
  readonly client: MemoryConn;
  /** The backend's own end. */
  readonly server: MemoryConn;
  /** The two ends that the splice holds. */
  readonly inner: { readonly client: MemoryConn; readonly server: MemoryConn };
  readonly buffers = new BufferPool();
  readonly meter = new FakeMeter();
  readonly paced = new PacedTimeouts();
  readonly splice: Splice;
  /** How it ended, once it has. */
  end: SpliceEnd | undefined;
  readonly #timers = new Set<WheelTimer>();

  constructor(options: MemoryConnOptions = {}) {
    const [client, innerClient] = memoryPair(options);
    const [server, innerServer] = memoryPair(options);
    this.client = client;
    this.server = server;
    this.inner = { client: innerClient, server: innerServer };
    this.splice = new Splice(innerClient, innerServer, this.meter, {
      buffers: this.buffers,
      timeouts: this.#watched(),
      idleTimeoutMs: IDLE_MS,
      tunnelTimeoutMs: TUNNEL_MS,
    });
  }

  /** Starts the splice; resolves when it has ended. */
  async run(): Promise<SpliceEnd> {
    this.end = await this.splice.run();
    return this.end;
  }

  /** Starts the splice and lets it wait for bytes. */
  async start(): Promise<void> {
    void this.run();
    await settled();
  }

  /** What the splice still holds; empty when it cleaned up. */
  get held(): string[] {
    const held: string[] = [];
    if (this.inner.client.closes === 0) held.push("client connection");
    if (this.inner.server.closes === 0) held.push("server connection");
    if (this.buffers.lentBytes !== 0) held.push("large buffers");
    if (!hasAllSmall(this.buffers)) held.push("small buffers");
    if ([...this.#timers].some((timer) => timer.scheduled)) held.push("timer");
    return held;
  }

  [Symbol.dispose](): void {
    this.paced[Symbol.dispose]();
  }

  #watched() {
    const { timeouts } = this.paced;
    const schedule = timeouts.schedule.bind(timeouts);
    timeouts.schedule = (timer, delayMs) => {
      this.#timers.add(timer);
      schedule(timer, delayMs);
    };
    return timeouts;
  }
}

/** Small buffers come 64 to a slab: none is lent while the pool can hand out 64 of one slab. */
function hasAllSmall(pool: BufferPool): boolean {
  const taken = Array.from({ length: 64 }, () => pool.takeSmall());
  const slabs = new Set(taken.map(({ buffer }) => buffer));
  for (const buffer of taken) pool.giveSmall(buffer);
  return slabs.size === 1 && taken.every(({ length }) => length === SMALL_BYTES);
}
