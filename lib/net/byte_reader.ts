import { type BufferPool, SMALL_BYTES, SMALLEST_LARGE_BYTES } from "./buffers.ts";
import type { Conn } from "./transport.ts";

/**
 * Bytes read from a connection and not used yet: `buffer[start, end)`.
 *
 * One read may be under way while nobody waits for it: on an idle connection it watches for the end,
 * and what it reads is there for whoever fills next. While it is, only `start` may be moved.
 */
export class ByteReader {
  readonly #conn: Conn;
  readonly #buffers: BufferPool;
  readonly #base: "small" | "large";
  readonly #onRead: ((bytes: number) => void) | undefined;
  #pending: Promise<boolean> | undefined;
  #wasFilled = false;
  #isReleased = false;
  buffer: Uint8Array;
  start = 0;
  end = 0;

  /**
   * @param base size of the buffer that waits for bytes: 1 KiB, or 16 KiB
   * @param onRead told how many bytes each read has brought
   */
  constructor(
    conn: Conn,
    buffers: BufferPool,
    base: "small" | "large",
    onRead?: (bytes: number) => void,
  ) {
    this.#conn = conn;
    this.#buffers = buffers;
    this.#base = base;
    this.#onRead = onRead;
    this.buffer = this.#takeBase();
  }

  /** Bytes that are there. */
  get available(): number {
    return this.end - this.start;
  }

  /** A read is under way. */
  get isReading(): boolean {
    return this.#pending !== undefined;
  }

  /** Moves the first bytes that are there into `into`, as many as fit, and says how many. */
  take(into: Uint8Array): number {
    const length = Math.min(this.available, into.length);
    into.set(this.buffer.subarray(this.start, this.start + length));
    this.start += length;
    return length;
  }

  /** Reads more, at least one byte; false at the end of input. Joins a read that is under way. */
  fill(): Promise<boolean> {
    return this.#pending ??= this.#read();
  }

  /**
   * Gives the buffer back, whose bytes are another's from here on; the connection has to be closed
   * already, or nothing may be there or be on its way. A second call does nothing.
   */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    const give = () => this.#give();
    // The kernel may still write into the buffer until the read has ended.
    if (this.#pending === undefined) give();
    else this.#pending.then(give, give);
  }

  async #read(): Promise<boolean> {
    if (this.#isReleased) throw new Error("Cannot read: buffer has been given back");
    this.#makeRoom();
    const room = this.end === 0 ? this.buffer : this.buffer.subarray(this.end);
    try {
      const length = await this.#conn.read(room);
      if (length === null) return false;
      this.end += length;
      this.#onRead?.(length);
      this.#wasFilled = length === room.length;
      return true;
    } finally {
      this.#pending = undefined;
    }
  }

  #makeRoom(): void {
    if (this.start === this.end) {
      this.start = this.end = 0;
      // Drained, so this read waits; not drained, so more is there: as in `Splice`.
      if (this.#wasFilled) this.#replace(this.#buffers.takeLarger(this.buffer.length));
      else if (!this.#isBase()) this.#replace(this.#takeBase());
      return;
    }
    if (this.end < this.buffer.length) return;
    if (this.start > 0) {
      this.buffer.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
      return;
    }
    const larger = this.#buffers.takeAbove(this.buffer.length);
    larger.set(this.buffer);
    this.#replace(larger);
  }

  #replace(buffer: Uint8Array): void {
    this.#give();
    this.buffer = buffer;
  }

  #give(): void {
    this.#buffers.give(this.buffer);
  }

  #isBase(): boolean {
    return this.buffer.length === (this.#base === "small" ? SMALL_BYTES : SMALLEST_LARGE_BYTES);
  }

  #takeBase(): Uint8Array {
    return this.#base === "small" ? this.#buffers.takeSmall() : this.#buffers.takeLarger(0);
  }
}
