/** What one subscriber has still to be sent; bounded. */
export class EventQueue {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  /** @param maxBytes who has not read this much is sent nothing more */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False when too much waits already: then all of it is dropped, and that was the end. */
  push(bytes: Uint8Array): boolean {
    if (this.#sizeBytes >= this.#maxBytes) {
      this.#chunks = [];
      this.end();
      return false;
    }
    this.#chunks.push(bytes);
    this.#sizeBytes += bytes.length;
    this.#wake?.();
    return true;
  }

  /** Nothing more comes than what waits. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /**
   * What waits, piece by piece. Nothing is read ahead, so that dropping it frees the memory.
   *
   * @param onCancel told when the reader goes away
   */
  stream(onCancel: () => void): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const chunk = await this.#next();
        // An error in its place would go to standard error, past the log.
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: () => {
        this.end();
        onCancel();
      },
    }, new ByteLengthQueuingStrategy({ highWaterMark: 0 }));
  }

  async #next(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const chunk = this.#chunks.shift();
    this.#sizeBytes -= chunk?.length ?? 0;
    return chunk;
  }
}
