import {
  type CategoryLevels,
  isLogCategory,
  isLogLevel,
  LevelTable,
  type LogCategory,
  type Logger,
  type LogLevel,
  type LogRecord,
} from "../core/log.ts";
import type { RingQueue } from "../ds/ring_queue.ts";

/** Room for some thousand records between two looks of the supervisor. */
export const LOG_RING_BYTES = 256 * 1024;

/** A worker's end of the log: records go into the ring, and are dropped when it is full. */
export class RingLogger implements Logger {
  readonly #ring: RingQueue;
  readonly #levels: LevelTable;
  readonly #encoder = new TextEncoder();

  /** @param levels of categories */
  constructor(ring: RingQueue, level: LogLevel, levels?: CategoryLevels) {
    this.#ring = ring;
    this.#levels = new LevelTable(level, levels);
  }

  enabled(level: LogLevel, category?: LogCategory): boolean {
    return this.#levels.passes(level, category);
  }

  /** Changes what is let through from now on; without levels of categories, those stay. */
  setLevel(level: LogLevel, levels?: CategoryLevels): void {
    this.#levels.set(level, levels);
  }

  write(record: LogRecord): void {
    if (this.enabled(record.level, record.category)) {
      this.#ring.push(this.#encoder.encode(JSON.stringify(record)));
    }
  }
}

/** The supervisor's end: hands on what a worker wrote, until disposed. */
export class RingReader implements Disposable {
  readonly #ring: RingQueue;
  readonly #log: Logger;
  readonly #decoder = new TextDecoder();
  #garbled = 0;
  #reported = 0;
  #ended = false;

  constructor(ring: RingQueue, log: Logger) {
    this.#ring = ring;
    this.#log = log;
  }

  /** Records lost since the start. */
  get dropped(): number {
    return this.#ring.dropped + this.#garbled;
  }

  /** Runs until disposed. */
  async run(): Promise<void> {
    let left = RECORDS_PER_TURN;
    while (!this.#ended) {
      left -= this.flush(left);
      if (left > 0) {
        await this.#ring.wait(WAIT_MS);
        continue;
      }
      // A busy worker always has more: timers and signals get their turn in between.
      await new Promise((resolve) => setTimeout(resolve, 0));
      left = RECORDS_PER_TURN;
    }
  }

  /** Hands on what is in the ring now, at most `most` records of it; says how many there were. */
  flush(most = Infinity): number {
    let count = 0;
    while (count < most) {
      const bytes = this.#ring.shift();
      if (bytes === undefined) break;
      count++;
      const record = this.#parse(bytes);
      if (record === undefined) this.#garbled++;
      else this.#log.write(record);
    }
    this.#reportDropped();
    return count;
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#ring.wake();
  }

  /** Threads that carry strangers' bytes are not trusted to write well. */
  #parse(bytes: Uint8Array): LogRecord | undefined {
    try {
      const record: unknown = JSON.parse(this.#decoder.decode(bytes));
      return isLogRecord(record) ? record : undefined;
    } catch {
      return undefined;
    }
  }

  #reportDropped(): void {
    const dropped = this.dropped - this.#reported;
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
const RECORDS_PER_TURN = 500;

function isLogRecord(value: unknown): value is LogRecord {
  return typeof value === "object" && value !== null &&
    "level" in value && isLogLevel(value.level) &&
    (!("category" in value) || isLogCategory(value.category)) &&
    "message" in value && typeof value.message === "string" &&
    "fields" in value && typeof value.fields === "object" && value.fields !== null;
}
