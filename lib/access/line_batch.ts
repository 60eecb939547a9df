/** Takes many lines at once, or drops them, and says which. Counts what it drops. */
export type PushLines = (bytes: Uint8Array, lines: number) => boolean;

/**
 * Gathers lines before they are handed to another thread: handing one over costs more than making it.
 */
export class LineBatch {
  readonly #push: PushLines;
  readonly #later: (run: () => void) => void;
  readonly #bytes = new Uint8Array(BATCH_BYTES);
  readonly #encoder = new TextEncoder();
  readonly #onTime = () => this.flush();
  #used = 0;
  #lines = 0;

  /** @param later calls back after a while; lines wait so long at most */
  constructor(push: PushLines, later: (run: () => void) => void) {
    this.#push = push;
    this.#later = later;
  }

  /** @param line of ASCII alone, with its end */
  add(line: string): void {
    if (this.#used + line.length > BATCH_BYTES) this.flush();
    const { read, written } = this.#encoder.encodeInto(line, this.#tail());
    if (read !== line.length) throw new RangeError(`Cannot log line of ${line.length} bytes`);
    if (this.#lines++ === 0) this.#later(this.#onTime);
    this.#used += written;
  }

  /** Hands over what there is. */
  flush(): void {
    if (this.#lines === 0) return;
    const [used, lines] = [this.#used, this.#lines];
    this.#used = 0;
    this.#lines = 0;
    this.#push(this.#bytes.subarray(0, used), lines);
  }

  #tail(): Uint8Array {
    return this.#used === 0 ? this.#bytes : this.#bytes.subarray(this.#used);
  }
}

/** Some hundred and fifty lines, or one whose values are all as long as they may be and escaped. */
const BATCH_BYTES = 64 * 1024;
