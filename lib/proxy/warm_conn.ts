import type { Poolable } from "../connpool/conn_pool.ts";
import { IdleLink } from "../connpool/idle_stack.ts";
import { type BufferPool, SMALLEST_LARGE_BYTES } from "../net/buffers.ts";
import { ByteReader } from "../net/byte_reader.ts";
import type { Conn, MaybePromise } from "../net/transport.ts";

/**
 * A connection that was opened before its client came. While it is idle it is read, so that its end
 * is seen; what a backend that speaks first has said by then is what its client reads first.
 *
 * It is for one client. Nothing gives it back to a pool.
 */
export class WarmConn implements Conn, Poolable<WarmConn> {
  readonly idle: IdleLink<WarmConn>;
  readonly #conn: Conn;
  /** Until everything that the idle connection was sent has been read. */
  #early: ByteReader | undefined;
  #isClosed = false;

  /** @param bornMs monotonic milliseconds */
  constructor(conn: Conn, buffers: BufferPool, bornMs: number) {
    this.#conn = conn;
    this.idle = new IdleLink<WarmConn>(this, bornMs);
    this.#early = new ByteReader(conn, buffers, "small");
  }

  get usable(): boolean {
    return !this.#isClosed;
  }

  get remote(): Conn["remote"] {
    return this.#conn.remote;
  }

  /**
   * Reads for as long as it is idle, up to 16 KiB in all: the rest waits in the kernel, and an end
   * behind it is not seen. The read under way when it is taken becomes the first of its client.
   *
   * @param onEnd called when its input ends or breaks, perhaps after it was taken
   */
  async watch(onEnd: () => void): Promise<void> {
    const early = this.#early;
    try {
      while (early !== undefined && await early.fill()) {
        if (this.idle.stack === undefined || early.available >= MAX_EARLY_BYTES) return;
      }
    } catch {
      // Broken is as good as ended.
    }
    onEnd();
  }

  read(into: Uint8Array): MaybePromise<number | null> {
    return this.#early === undefined ? this.#conn.read(into) : this.#readEarly(this.#early, into);
  }

  write(bytes: Uint8Array): MaybePromise<number> {
    return this.#conn.write(bytes);
  }

  closeWrite(): MaybePromise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#conn.close();
    this.#early?.release();
  }

  async #readEarly(early: ByteReader, into: Uint8Array): Promise<number | null> {
    if (early.available === 0 && !(await early.fill())) return null;
    // The buffer may be another connection's by now.
    if (this.#isClosed) throw new Error("Cannot read: connection is closed");
    const length = early.take(into);
    if (early.available === 0 && !early.isReading) {
      this.#early = undefined;
      early.release();
    }
    return length;
  }
}

/** Far above any greeting. Usual ones fit into the 1 KiB that every reader waits with. */
const MAX_EARLY_BYTES = SMALLEST_LARGE_BYTES;
