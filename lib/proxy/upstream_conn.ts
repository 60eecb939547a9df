import type { Poolable } from "../connpool/conn_pool.ts";
import { IdleLink } from "../connpool/idle_stack.ts";
import { HeadScanner } from "../http/head_end.ts";
import type { HeadLimits } from "../http/limits.ts";
import type { BufferPool } from "../net/buffers.ts";
import { ByteReader } from "../net/byte_reader.ts";
import type { Conn } from "../net/transport.ts";

/** What an {@linkcode UpstreamConn} is made of beside its socket. */
export interface UpstreamConnOptions {
  readonly buffers: BufferPool;
  readonly limits: HeadLimits;
  /** Monotonic milliseconds. */
  readonly bornMs: number;
  /** Called once when it is closed, whoever does it. */
  readonly onClose: () => void;
}

/** A connection to a backend that carries one exchange after the other. */
export class UpstreamConn implements Poolable<UpstreamConn> {
  readonly conn: Conn;
  readonly idle: IdleLink<UpstreamConn>;
  readonly reader: ByteReader;
  readonly scanner: HeadScanner;
  /** Of the heads of answers. */
  readonly limits: HeadLimits;
  /** Exchanges it has been taken for. */
  uses = 0;
  /** It came from the pool, so its end may have gone unseen. */
  wasIdle = false;
  #onClose: (() => void) | undefined;
  #isCut = false;

  constructor(conn: Conn, options: UpstreamConnOptions) {
    this.conn = conn;
    this.idle = new IdleLink<UpstreamConn>(this, options.bornMs);
    this.reader = new ByteReader(conn, options.buffers, "large");
    this.limits = options.limits;
    this.scanner = new HeadScanner("response", options.limits);
    this.#onClose = options.onClose;
  }

  get isOpen(): boolean {
    return this.#onClose !== undefined && !this.#isCut;
  }

  /** An answer could follow: open, and nothing came that nobody asked for. */
  get usable(): boolean {
    return this.isOpen && this.reader.available === 0;
  }

  /**
   * Reads while idle, so that an end or stray bytes are seen as they come. The same read is the first
   * of the next answer.
   */
  watch(onEvent: () => void): void {
    this.reader.fill().then(onEvent, onEvent);
  }

  /**
   * Breaks it under whoever uses it: reads and writes fail. {@linkcode UpstreamConn.close} has to
   * follow once nobody does, because what was read may still be on its way out of the buffer.
   */
  cut(): void {
    if (!this.isOpen) return;
    this.#isCut = true;
    this.conn.close();
  }

  /** Gives everything back. A second call does nothing. */
  close(): void {
    const onClose = this.#onClose;
    if (onClose === undefined) return;
    this.#onClose = undefined;
    this.conn.close();
    this.reader.release();
    onClose();
  }
}
