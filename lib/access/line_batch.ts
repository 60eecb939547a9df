/** Takes many lines at once, or drops them, and says which. Counts what it drops. */
export type PushLines = (bytes: Uint8Array, lines: number) => boolean;

/**
 * Gathers lines before they are handed to another thread. They are turned into bytes all at once: that
 * costs a fifth of a microsecond for a line of its own, and next to nothing for one of many.
 */
export class LineBatch {
  readonly #push: PushLines;
  readonly #later: (run: () => void) => void;
  readonly #encoder = new TextEncoder();
  readonly #onTime = () => this.flush();
  #bytes = new Uint8Array(2 * BATCH_CHARACTERS);
  #text = "";
  #lines = 0;

  /** @param later calls back after a while; lines wait so long at most */
  constructor(push: PushLines, later: (run: () => void) => void) {
    this.#push = push;
    this.#later = later;
  }

  /** @param line of ASCII alone, with its end */
  add(line: string): void {
    this.#text += line;
    if (this.#lines++ === 0) this.#later(this.#onTime);
    if (this.#text.length >= BATCH_CHARACTERS) this.flush();
  }

  /** Hands over what there is. */
  flush(): void {
    if (this.#lines === 0) return;
    const [text, lines] = [this.#text, this.#lines];
    this.#text = "";
    this.#lines = 0;
    // The last line may be long.
    if (text.length > this.#bytes.length) this.#bytes = new Uint8Array(text.length);
    const { written } = this.#encoder.encodeInto(text, this.#bytes);
    this.#push(this.#bytes.subarray(0, written), lines);
  }
}

/** Some eighty lines. */
const BATCH_CHARACTERS = 32 * 1024;
