/** Says whether what was sent has arrived. Never rejects. */
export type SendSpans<T> = (spans: readonly T[]) => Promise<boolean>;

/** Spans that were not sent. */
export interface SpansLost {
  /** The queue was full. */
  readonly dropped: number;
  /** The collector did not take them. */
  readonly failed: number;
}

/**
 * Spans on their way to the collector, some hundred at a time and one such parcel after the other.
 * What comes while the queue is full is dropped: a collector that is down costs memory that has a
 * bound, and nothing else.
 */
export class SpanQueue<T> {
  readonly #send: SendSpans<T>;
  #spans: T[] = [];
  #sending: Promise<void> | undefined;
  #dropped = 0;
  #failed = 0;

  constructor(send: SendSpans<T>) {
    this.#send = send;
  }

  /** Since the start. */
  get lost(): SpansLost {
    return { dropped: this.#dropped, failed: this.#failed };
  }

  add(spans: readonly T[]): void {
    const room = Math.max(0, MAX_SPANS - this.#spans.length);
    this.#spans.push(...spans.slice(0, room));
    this.#dropped += Math.max(0, spans.length - room);
    if (this.#spans.length > 0) void this.flush();
  }

  /** Resolves once all that there is has been sent, or given up. */
  flush(): Promise<void> {
    this.#sending ??= this.#run().finally(() => this.#sending = undefined);
    return this.#sending;
  }

  async #run(): Promise<void> {
    while (this.#spans.length > 0) {
      const parcel = this.#spans.slice(0, PARCEL_SPANS);
      this.#spans = this.#spans.slice(PARCEL_SPANS);
      if (!(await this.#send(parcel))) this.#failed += parcel.length;
    }
  }
}

/** Most that wait. */
export const MAX_SPANS = 4096;
const PARCEL_SPANS = 512;
