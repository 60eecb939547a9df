/** The first bytes of a request's body, kept so that another attempt can send them again. */
export class ReplayStore {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #totalBytes = 0;

  /** @param maxBytes bytes kept; a body that gets longer cannot be sent again */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Everything that came so far is here. */
  get complete(): boolean {
    return this.#totalBytes <= this.#maxBytes;
  }

  get chunks(): readonly Uint8Array[] {
    return this.#chunks;
  }

  /** Takes note of `bytes[start, end)`; says how many bytes there were in all. */
  add(bytes: Uint8Array, start: number, end: number): number {
    this.#totalBytes += end - start;
    if (this.complete) this.#chunks.push(bytes.slice(start, end));
    else this.#chunks = [];
    return this.#totalBytes;
  }
}
