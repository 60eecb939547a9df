/**
 * A lock-free queue of byte records from one producer thread to one consumer thread.
 *
 * Records lie one after the other in a ring of shared memory. Each side owns one index and only
 * reads the other's, so neither ever waits: a full ring drops the new record and counts it.
 * (Lamport, "Specifying concurrent program modules", 1983: one reader and one writer need no lock.)
 */
export class RingQueue {
  /** The shared memory; hand it to the other thread and wrap it with `new RingQueue(buffer)`. */
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #mask: number;

  constructor(buffer: SharedArrayBuffer) {
    const capacity = buffer.byteLength - HEADER_BYTES;
    if (capacity < 16 || (capacity & (capacity - 1)) !== 0) {
      throw new RangeError(
        `Cannot use buffer as ring: bytes behind the header must be a power of two: current value is ${capacity}`,
      );
    }
    this.buffer = buffer;
    this.#cells = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.#bytes = new Uint8Array(buffer, HEADER_BYTES);
    this.#mask = capacity - 1;
  }

  /** @param capacityBytes room for records, a power of two, at least 16 */
  static create(capacityBytes: number): RingQueue {
    return new RingQueue(new SharedArrayBuffer(HEADER_BYTES + capacityBytes));
  }

  /** Records that found the ring full, since it was made. Wraps at 2^32. */
  get dropped(): number {
    return Atomics.load(this.#cells, DROPPED) >>> 0;
  }

  /** Producer: appends a copy of `record`, or drops it and returns false when there is no room. */
  push(record: Uint8Array): boolean {
    const tail = Atomics.load(this.#cells, TAIL);
    const used = (tail - Atomics.load(this.#cells, HEAD)) >>> 0;
    if (LENGTH_BYTES + record.length > this.#mask + 1 - used) {
      Atomics.add(this.#cells, DROPPED, 1);
      return false;
    }
    this.#writeLength(tail, record.length);
    this.#copyIn(tail + LENGTH_BYTES, record);
    // The store publishes the bytes: the consumer reads the tail before it reads them.
    Atomics.store(this.#cells, TAIL, (tail + LENGTH_BYTES + record.length) | 0);
    this.#wakeConsumer();
    return true;
  }

  /** Consumer: the oldest record as a copy, or `undefined` when the ring is empty. */
  shift(): Uint8Array | undefined {
    const head = Atomics.load(this.#cells, HEAD);
    const tail = Atomics.load(this.#cells, TAIL);
    if (head === tail) return undefined;
    const length = this.#readLength(head);
    const used = (tail - head) >>> 0;
    if (used > this.#mask + 1 || length > used - LENGTH_BYTES) return this.#skipTo(tail);
    const record = this.#copyOut(head + LENGTH_BYTES, length);
    Atomics.store(this.#cells, HEAD, (head + LENGTH_BYTES + length) | 0);
    return record;
  }

  /**
   * Consumer: resolves once there may be records, or after `timeoutMs`.
   *
   * The sleeping mark is set before the ring is looked at, and the producer looks at the mark after
   * it has published, so no record can slip between the two.
   */
  async wait(timeoutMs: number): Promise<void> {
    Atomics.store(this.#cells, SLEEPING, 1);
    if (Atomics.load(this.#cells, HEAD) !== Atomics.load(this.#cells, TAIL)) return;
    await Atomics.waitAsync(this.#cells, SLEEPING, 1, timeoutMs).value;
  }

  /** Either side: wakes a waiting consumer although there is no record, to let it end. */
  wake(): void {
    Atomics.store(this.#cells, SLEEPING, 0);
    Atomics.notify(this.#cells, SLEEPING);
  }

  /** The producer died in the middle of a record, or lies: what is there cannot be told apart. */
  #skipTo(tail: number): undefined {
    Atomics.add(this.#cells, DROPPED, 1);
    Atomics.store(this.#cells, HEAD, tail);
  }

  #wakeConsumer(): void {
    if (Atomics.load(this.#cells, SLEEPING) === 1) this.wake();
  }

  #writeLength(at: number, length: number): void {
    for (let i = 0; i < LENGTH_BYTES; i++) {
      this.#bytes[(at + i) & this.#mask] = length >>> (8 * i);
    }
  }

  #readLength(at: number): number {
    let length = 0;
    for (let i = 0; i < LENGTH_BYTES; i++) {
      length |= (this.#bytes[(at + i) & this.#mask] ?? 0) << (8 * i);
    }
    return length >>> 0;
  }

  #copyIn(at: number, record: Uint8Array): void {
    const start = at & this.#mask;
    const first = Math.min(record.length, this.#mask + 1 - start);
    this.#bytes.set(record.subarray(0, first), start);
    this.#bytes.set(record.subarray(first), 0);
  }

  #copyOut(at: number, length: number): Uint8Array {
    const record = new Uint8Array(length);
    const start = at & this.#mask;
    const first = Math.min(length, this.#mask + 1 - start);
    record.set(this.#bytes.subarray(start, start + first), 0);
    record.set(this.#bytes.subarray(0, length - first), first);
    return record;
  }
}

// Each index has a cache line (64 bytes) of its own, so that the two sides do not slow each other.
const HEAD = 0;
const TAIL = 16;
const SLEEPING = 32;
const DROPPED = 48;
const HEADER_BYTES = 256;
const LENGTH_BYTES = 4;
