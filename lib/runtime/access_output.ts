import type { AccessLogConfig } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { type Logger, LogThrottle } from "../core/log.ts";
import { type Prepared, UNCHANGED } from "../core/prepared.ts";
import type { RingQueue } from "../ds/ring_queue.ts";
import { AccessReader } from "./access_reader.ts";
import { type AccessTarget, openTarget } from "./access_target.ts";

/** What an {@linkcode AccessOutput} works with. */
export interface AccessOutputParts {
  /** Absent: there is no access log for now. */
  readonly config: AccessLogConfig | undefined;
  readonly log: Logger;
  readonly clock: Clock;
  /** @default {openTarget} */
  readonly open?: (file: string | undefined) => AccessTarget;
}

/** Lines of the access log that nobody will read. */
export interface AccessLost {
  /** Because the lines before them could not be written fast enough. */
  readonly dropped: number;
  /** Because writing them failed. */
  readonly failed: number;
}

/**
 * The supervisor's end of the access log: writes what the worker threads hand over, one piece after
 * the other and never in the way of anything else. While a write takes its time the rings of the
 * threads fill up, and they drop what comes then.
 */
export class AccessOutput implements AsyncDisposable {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #open: (file: string | undefined) => AccessTarget;
  readonly #readers = new Set<AccessReader>();
  readonly #throttle = new LogThrottle(TELL_EVERY_MS);
  #file: string | undefined;
  #target: AccessTarget | undefined;
  /** The write under way, and those that wait for it. */
  #written: Promise<void> = Promise.resolve();
  #droppedBefore = 0;
  #failed = 0;
  #untold = 0;
  /** The last line that was written has no end. */
  #isTorn = false;

  /** @throws {Error} of the system when the file cannot be opened */
  constructor({ config, log, clock, open = openTarget }: AccessOutputParts) {
    this.#log = log;
    this.#clock = clock;
    this.#open = open;
    this.#file = config?.file;
    this.#target = config === undefined ? undefined : open(config.file);
  }

  /** Since the start. */
  get lost(): AccessLost {
    const dropped = [...this.#readers].reduce((sum, reader) => sum + reader.dropped, 0);
    return { dropped: this.#droppedBefore + dropped, failed: this.#failed };
  }

  /** Hands on what a thread writes, until that is disposed. */
  read(ring: RingQueue): Disposable {
    const reader = new AccessReader(ring, (bytes) => this.write(bytes));
    this.#readers.add(reader);
    // Ends when the reader is disposed.
    void reader.run();
    return {
      [Symbol.dispose]: () => {
        if (!this.#readers.delete(reader)) return;
        reader[Symbol.dispose]();
        this.#droppedBefore += reader.dropped;
      },
    };
  }

  /**
   * Opens what another configuration names. Where that has no access log, what still comes goes where
   * the lines before it went.
   *
   * @throws {Error} of the system, with everything as it was
   */
  prepare(config: AccessLogConfig | undefined): Prepared {
    const isSame = this.#target !== undefined && config?.file === this.#file;
    if (config === undefined || isSame) return UNCHANGED;
    const { file } = config;
    const target = this.#open(file);
    return {
      commit: () => {
        this.#file = file;
        this.#replace(target);
      },
      cancel: () => target[Symbol.dispose](),
    };
  }

  /** Opens the file anew, after it was moved away. @throws {Error} of the system; the old one stays */
  reopen(): void {
    if (this.#target !== undefined) this.#replace(this.#open(this.#file));
  }

  /** Resolves once whole lines have been written, or given up. Never rejects. */
  write(bytes: Uint8Array): Promise<void> {
    this.#written = this.#written.then(() => this.#write(bytes));
    return this.#written;
  }

  /** Writes what was handed over, as far as that goes within a moment. */
  async [Symbol.asyncDispose](): Promise<void> {
    const late = Promise.withResolvers<void>();
    using _timer = this.#clock.after(LAST_WRITES_MS, late.resolve);
    await Promise.race([this.#written, late.promise]);
    this.#target?.[Symbol.dispose]();
    this.#target = undefined;
  }

  #replace(target: AccessTarget): void {
    const old = this.#target;
    this.#target = target;
    this.#isTorn = false;
    // What is being written goes to the end of the old one.
    void this.#written.then(() => old?.[Symbol.dispose]());
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const target = this.#target;
    if (target === undefined) return this.#fail(bytes, "there is no access log any more");
    let done = 0;
    using _stall = this.#clock.after(STALLED_AFTER_MS, () => this.#tell("nobody reads it", 0));
    try {
      if (this.#isTorn) await target.write(LINE_END);
      this.#isTorn = false;
      while (done < bytes.length) done += await target.write(bytes.subarray(done));
    } catch (error) {
      this.#isTorn ||= done > 0 && bytes[done - 1] !== LF;
      this.#fail(bytes.subarray(done), messageOf(error));
    }
  }

  #fail(rest: Uint8Array, error: string): void {
    const lost = countLines(rest);
    this.#failed += lost;
    this.#tell(error, lost);
  }

  #tell(error: string, lost: number): void {
    this.#untold += lost;
    if (this.#throttle.admit(this.#clock.now()) === undefined) return;
    const { dropped } = this.lost;
    const fields = { file: this.#file ?? "standard output", error, lost: this.#untold, dropped };
    this.#untold = 0;
    this.#log.write({ level: "warning", message: "Access log cannot be written", fields });
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines;
}

const LF = 0x0a;
const LINE_END = new Uint8Array([LF]);
/** A trouble that lasts is told so often, and no more. */
const TELL_EVERY_MS = 60_000;
/** A write that takes longer waits for somebody. */
const STALLED_AFTER_MS = 5000;
/** What is left at the end may take so long. */
const LAST_WRITES_MS = 2000;
