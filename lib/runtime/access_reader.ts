import type { RingQueue } from "../ds/ring_queue.ts";

/** Room for what the fastest thread writes in a quarter of a second. Untouched, it costs nothing. */
export const ACCESS_RING_BYTES = 4 * 1024 * 1024;

/** Room for a thousand traces or so. */
export const TRACE_RING_BYTES = 1024 * 1024;

/** Carries lines from one worker thread's ring to where they are written, until disposed. */
export class AccessReader implements Disposable {
  readonly #ring: RingQueue;
  readonly #write: (bytes: Uint8Array) => Promise<void>;
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
    while (!this.#isEnded) {
      await this.#ring.wait(WAIT_MS);
      const bytes = this.#take();
      if (bytes.length > 0) await this.#write(bytes);
      // A busy thread always has more: few large writes cost less than many small ones.
      if (!this.#isEnded) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    }
  }

  /** Hands on what is left. */
  [Symbol.dispose](): void {
    this.#isEnded = true;
    const bytes = this.#take();
    if (bytes.length > 0) void this.#write(bytes);
    this.#ring.wake();
  }

  #take(): Uint8Array {
    const pieces: Uint8Array[] = [];
    let length = 0;
    while (length < MAX_WRITE_BYTES) {
      const piece = this.#ring.shift();
      if (piece === undefined) break;
      pieces.push(piece);
      length += piece.length;
    }
    return pieces.length === 1 ? pieces[0]! : joined(pieces, length);
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const WAIT_MS = 5000;
const GATHER_MS = 25;
/** All that a ring holds fits. */
const MAX_WRITE_BYTES = ACCESS_RING_BYTES;
