import { CombinedFormat } from "./combined_format.ts";
import { JsonFormat } from "./json_format.ts";
import type { LineBatch } from "./line_batch.ts";
import type { AccessFormat, AccessSink, ConnectionRecord, RequestRecord } from "./record.ts";

/** What of the configuration says which lines are written, and how. */
export interface AccessLogSettings {
  readonly format: "json" | "combined";
  /** Share of the lines that are written, in [0, 1]. */
  readonly sample: number;
}

/** What an {@linkcode AccessLog} works with. */
export interface AccessLogParts {
  /** Name of the listener whose log it is. */
  readonly listener: string;
  readonly batch: LineBatch;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
}

/**
 * Writes what has ended, or a sample of it. Of requests answered with 500 and above, and of
 * connections that did not end well, every one is written: they are few while all is well, and asked
 * for when it is not.
 */
export class AccessLog implements AccessSink {
  readonly #format: AccessFormat;
  readonly #sample: number;
  readonly #batch: LineBatch;
  readonly #parts: AccessLogParts;
  /** From the monotonic clock to that of the wall, which may be set. */
  #offsetMs = 0;
  #comparedMs = -Infinity;

  constructor({ format, sample }: AccessLogSettings, parts: AccessLogParts) {
    this.#format = format === "json" ? new JsonFormat(parts.listener) : new CombinedFormat();
    this.#sample = sample;
    this.#batch = parts.batch;
    this.#parts = parts;
  }

  request(record: RequestRecord): void {
    const share = record.status >= 500 || record.cut !== undefined ? 1 : this.#sample;
    if (!this.#isDrawn(share)) return;
    this.#batch.add(this.#format.request(record, this.#timeOf(record), share));
  }

  connection(record: ConnectionRecord): void {
    const share = record.end === "done" || record.end === "client_error" ? this.#sample : 1;
    if (!this.#isDrawn(share)) return;
    this.#batch.add(this.#format.connection(record, this.#timeOf(record), share));
  }

  #isDrawn(share: number): boolean {
    return share === 1 || this.#parts.random() < share;
  }

  /** When it began. The clocks are compared once a second. */
  #timeOf({ startMs, totalMs }: { startMs: number; totalMs: number }): number {
    const { now, wallNow } = this.#parts;
    const endMs = startMs + totalMs;
    if (endMs >= this.#comparedMs + COMPARE_EVERY_MS) {
      this.#comparedMs = endMs;
      this.#offsetMs = wallNow() - now();
    }
    return startMs + this.#offsetMs;
  }
}

const COMPARE_EVERY_MS = 1000;
