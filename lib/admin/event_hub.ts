import type { Clock } from "../core/clock.ts";
import type { WeirEvent } from "../core/events.ts";
import { EventQueue } from "./event_queue.ts";

/** What an {@linkcode EventHub} takes from outside. */
export interface EventHubOptions {
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /** The counters of this moment, as plain data. */
  readonly stats: () => unknown;
}

/** What one subscriber wants. */
export interface Subscription {
  /** Events after the one of this number; absent: only those to come. */
  readonly since?: number;
  /** The counters, each second. */
  readonly withStats: boolean;
}

/** Most that listen at once. */
export const MAX_SUBSCRIBERS = 32;
/** Who has not read this much is cut off, in bytes. */
export const MAX_BEHIND_BYTES = 1024 * 1024;
/** Events that are kept for those who come later. */
const MAX_KEPT = 256;
const STATS_MS = 1000;
/** A line this often shows that the connection lives where nothing else is sent, in ticks. */
const HEARTBEAT_TICKS = 15;

interface Subscriber {
  readonly queue: EventQueue;
  readonly withStats: boolean;
}

interface KeptEvent {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/**
 * Hands events to everybody who listens, as server-sent events (HTML standard, section 9.2). Memory is
 * bounded: few may listen, and who does not read is cut off.
 */
export class EventHub implements Disposable {
  readonly #options: EventHubOptions;
  readonly #subscribers = new Set<Subscriber>();
  readonly #kept: KeptEvent[] = [];
  #lastId = 0;
  #ticks = 0;
  #timer: Disposable | undefined;
  #closed = false;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  /** Those who listen now. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** Tells everybody. */
  emit({ type, ...data }: WeirEvent): void {
    const id = ++this.#lastId;
    const at = new Date(this.#options.wallMs()).toISOString();
    const bytes = encodeEvent(type, { at, ...data }, id);
    this.#kept.push({ id, bytes });
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    for (const subscriber of this.#subscribers) this.#send(subscriber, bytes);
  }

  /** What the subscriber is to be sent; `undefined` when too many listen already. */
  subscribe({ since, withStats }: Subscription): ReadableStream<Uint8Array> | undefined {
    if (this.#closed || this.#subscribers.size >= MAX_SUBSCRIBERS) return undefined;
    const subscriber = { queue: new EventQueue(MAX_BEHIND_BYTES), withStats };
    this.#subscribers.add(subscriber);
    this.#greet(subscriber, since);
    this.#timer ??= this.#schedule();
    return subscriber.queue.stream(() => this.#forget(subscriber));
  }

  /** Ends all streams; nobody can listen any more. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.disconnect();
  }

  /** Ends all streams; who may can come again. */
  disconnect(): void {
    for (const subscriber of this.#subscribers) {
      this.#forget(subscriber);
      subscriber.queue.end();
    }
  }

  /** Something at once, so that the head of the answer goes out. */
  #greet(subscriber: Subscriber, since: number | undefined): void {
    this.#send(subscriber, HEARTBEAT);
    if (since !== undefined) {
      for (const { id, bytes } of this.#kept) if (id > since) this.#send(subscriber, bytes);
    }
    if (subscriber.withStats) this.#send(subscriber, this.#stats());
  }

  #schedule(): Disposable {
    return this.#options.clock.after(STATS_MS, () => {
      this.#tick();
      this.#timer = this.#subscribers.size === 0 ? undefined : this.#schedule();
    });
  }

  #tick(): void {
    const isHeartbeat = ++this.#ticks % HEARTBEAT_TICKS === 0;
    const hasReaders = [...this.#subscribers].some(({ withStats }) => withStats);
    const stats = hasReaders ? this.#stats() : HEARTBEAT;
    for (const subscriber of this.#subscribers) {
      if (subscriber.withStats) this.#send(subscriber, stats);
      else if (isHeartbeat) this.#send(subscriber, HEARTBEAT);
    }
  }

  #stats(): Uint8Array {
    return encodeEvent("stats", this.#options.stats());
  }

  #send(subscriber: Subscriber, bytes: Uint8Array): void {
    if (!subscriber.queue.push(bytes)) this.#forget(subscriber);
  }

  #forget(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}

const HEARTBEAT = new TextEncoder().encode(":\n\n");

/** JSON has no line break outside of its texts, and none that is not escaped inside. */
function encodeEvent(type: string, data: unknown, id?: number): Uint8Array {
  const name = id === undefined ? "" : `id: ${id}\n`;
  return new TextEncoder().encode(`${name}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
}
