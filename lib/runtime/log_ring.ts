import { type Logger, type LogLevel, type LogRecord, passes } from "../core/log.ts";
import type { RingQueue } from "../ds/ring_queue.ts";

/** Room for some thousand records between two looks of the supervisor. */
export const LOG_RING_BYTES = 256 * 1024;

/** A worker's end of the log: records go into the ring, and are dropped when it is full. */
export class RingLogger implements Logger {
  readonly #ring: RingQueue;
  readonly #level: LogLevel;
  readonly #encoder = new TextEncoder();

  constructor(ring: RingQueue, level: LogLevel) {
    this.#ring = ring;
    this.#level = level;
  }

  enabled(level: LogLevel): boolean {
    return passes(level, this.#level);
  }

  write(record: LogRecord): void {
    if (this.enabled(record.level)) {
      this.#ring.push(this.#encoder.encode(JSON.stringify(record)));
    }
  }
}

/** The supervisor's end: hands on what a worker wrote, until disposed. */
export class RingReader implements Disposable {
  readonly #ring: RingQueue;
  readonly #log: Logger;
  readonly #decoder = new TextDecoder();
  #reported = 0;
  #ended = false;

  constructor(ring: RingQueue, log: Logger) {
    this.#ring = ring;
    this.#log = log;
  }

  /** Runs until disposed. */
  async run(): Promise<void> {
    while (!this.#ended) {
      this.flush();
      await this.#ring.wait(WAIT_MS);
    }
  }

  /** Hands on everything that is in the ring now. */
  flush(): void {
    for (let bytes = this.#ring.shift(); bytes !== undefined; bytes = this.#ring.shift()) {
      // The only writer is our own RingLogger.
      this.#log.write(JSON.parse(this.#decoder.decode(bytes)) as LogRecord);
    }
    this.#reportDropped();
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#ring.wake();
  }

  #reportDropped(): void {
    const dropped = this.#ring.dropped - this.#reported;
    if (dropped === 0) return;
    this.#reported += dropped;
    this.#log.write({
      level: "warning",
      message: "Log records dropped: the worker wrote faster than the log could be read",
      fields: { dropped },
    });
  }
}

/** A wait ends by itself now and then, so that drops of a stuck ring are told. */
const WAIT_MS = 5000;
