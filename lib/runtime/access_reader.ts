import type { RingQueue } from "../ds/ring_queue.ts";

/** Room for what the fastest thread writes in a quarter of a second. Untouched, it costs nothing. */
export const ACCESS_RING_BYTES = 4 * 1024 * 1024;

/** Room for a thousand traces or so. */
export const TRACE_RING_BYTES = 1024 * 1024;

/** Carries lines from one worker thread's ring to where they are written, until disposed. */
export class AccessReader implements Disposable {
  readonly #ring: RingQueue;
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #buffer: Uint8Array | undefined;
  #isEnded = false;

  /** @param write resolves when it can take more; never rejects */
  constructor(ring: RingQueue, write: (bytes: Uint8Array) => Promise<void>) {
    this.#ring = ring;
    this.#write = write;
  }

  /** Lines that found the ring full. */
  get dropped(): number {
    return this.#ring.dropped;
  }

  /** Runs until disposed. */
  async run(): Promise<void> {
    for (;;) {
      await this.#ring.wait(WAIT_MS);
      if (this.#isEnded) return;
      // Nobody uses it any more once a write has ended.
      const bytes = this.#take(this.#buffer ??= new Uint8Array(BUFFER_BYTES));
      if (bytes.length > 0) await this.#write(bytes);
      // A busy thread always has more: few large writes cost less than many small ones.
      await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    }
  }

  /** Hands on what is left. */
  [Symbol.dispose](): void {
    this.#isEnded = true;
    // The buffer may be on its way out.
    const bytes = this.#take(new Uint8Array(ACCESS_RING_BYTES));
    if (bytes.length > 0) void this.#write(bytes);
    this.#ring.wake();
  }

  /** What there is, as far as it fits. */
  #take(into: Uint8Array): Uint8Array {
    let length = 0;
    for (;;) {
      const more = this.#ring.shiftInto(into, length);
      if (more === -1) return into.subarray(0, length);
      length += more;
    }
  }
}

const WAIT_MS = 5000;
const GATHER_MS = 25;
/** What the fastest thread writes in that time, and twice as much. */
const BUFFER_BYTES = 1024 * 1024;
