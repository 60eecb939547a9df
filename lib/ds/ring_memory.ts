/**
 * What a ring queue does to the memory that it shares with another thread. Each call is one step that
 * the other thread may see between two others; a test that takes every order of them gives the queue
 * a memory of its own.
 */
export interface RingMemory {
  /** Reads a cell, in one order with all other accesses to cells. */
  load(cell: number): number;
  store(cell: number, value: number): void;
  add(cell: number, by: number): void;
  /** Wakes whoever sleeps on a cell. */
  notify(cell: number): void;
  /** Sleeps until a notify, unless the cell has another value by now. */
  wait(cell: number, value: number, timeoutMs: number): Promise<void>;
  readByte(at: number): number;
  writeByte(at: number, value: number): void;
  /** Copies a part of `from`, up to `end`, to where `at` is. */
  writeBytes(at: number, from: Uint8Array, start: number, end: number): void;
  /** Fills a part of `into`, up to `end`, with what is at `at`. */
  readBytes(at: number, into: Uint8Array, start: number, end: number): void;
}

/** Memory that is shared indeed: cells in front, bytes behind them. */
export class SharedRingMemory implements RingMemory {
  readonly #cells: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(buffer: SharedArrayBuffer, headerBytes: number) {
    this.#cells = new Int32Array(buffer, 0, headerBytes / 4);
    this.#bytes = new Uint8Array(buffer, headerBytes);
  }

  load(cell: number): number {
    return Atomics.load(this.#cells, cell);
  }

  store(cell: number, value: number): void {
    Atomics.store(this.#cells, cell, value);
  }

  add(cell: number, by: number): void {
    Atomics.add(this.#cells, cell, by);
  }

  notify(cell: number): void {
    Atomics.notify(this.#cells, cell);
  }

  async wait(cell: number, value: number, timeoutMs: number): Promise<void> {
    await Atomics.waitAsync(this.#cells, cell, value, timeoutMs).value;
  }

  readByte(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  writeByte(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  writeBytes(at: number, from: Uint8Array, start: number, end: number): void {
    const isWhole = start === 0 && end === from.length;
    this.#bytes.set(isWhole ? from : from.subarray(start, end), at);
  }

  readBytes(at: number, into: Uint8Array, start: number, end: number): void {
    into.set(this.#bytes.subarray(at, at + end - start), start);
  }
}
