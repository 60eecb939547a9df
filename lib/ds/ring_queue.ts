import { type RingMemory, SharedRingMemory } from "./ring_memory.ts";

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
  readonly #memory: RingMemory;
  readonly #mask: number;

  /** @param memory how `buffer` is reached; tests have a way of their own */
  constructor(
    buffer: SharedArrayBuffer,
    memory: RingMemory = new SharedRingMemory(buffer, HEADER_BYTES),
  ) {
    const capacity = buffer.byteLength - HEADER_BYTES;
    if (capacity < 16 || (capacity & (capacity - 1)) !== 0) {
      throw new RangeError(
        `Cannot use buffer as ring: bytes behind the header must be a power of two: current value is ${capacity}`,
      );
    }
    this.buffer = buffer;
    this.#memory = memory;
    this.#mask = capacity - 1;
  }

  /** @param capacityBytes room for records, a power of two, at least 16 */
  static create(capacityBytes: number): RingQueue {
    return new RingQueue(new SharedArrayBuffer(HEADER_BYTES + capacityBytes));
  }

  /** What found the ring full, since it was made: records, or what they were said to count for. */
  get dropped(): number {
    return this.#memory.load(DROPPED) >>> 0;
  }

  /**
   * Producer: appends a copy of `record`, or drops it and returns false when there is no room.
   *
   * @param count what it counts for in `dropped`
   */
  push(record: Uint8Array, count = 1): boolean {
    const tail = this.#memory.load(TAIL);
    const used = (tail - this.#memory.load(HEAD)) >>> 0;
    if (LENGTH_BYTES + record.length > this.#mask + 1 - used) {
      this.#memory.add(DROPPED, count);
      return false;
    }
    this.#writeLength(tail, record.length);
    this.#copyIn(tail + LENGTH_BYTES, record);
    // The store publishes the bytes: the consumer reads the tail before it reads them.
    this.#memory.store(TAIL, (tail + LENGTH_BYTES + record.length) | 0);
    this.#wakeConsumer();
    return true;
  }

  /** Consumer: the oldest record as a copy, or `undefined` when the ring is empty. */
  shift(): Uint8Array | undefined {
    const head = this.#memory.load(HEAD);
    const tail = this.#memory.load(TAIL);
    if (head === tail) return undefined;
    const length = this.#readLength(head);
    const used = (tail - head) >>> 0;
    if (used > this.#mask + 1 || length > used - LENGTH_BYTES) return this.#skipTo(tail);
    const record = new Uint8Array(length);
    this.#copyOut(head + LENGTH_BYTES, record);
    this.#memory.store(HEAD, (head + LENGTH_BYTES + length) | 0);
    return record;
  }

  /**
   * Consumer: copies the oldest record into `into`, from `at` on. A reader that takes many has no
   * arrays to make: those are garbage outside the heap, which is dear to collect.
   *
   * @returns its length, or -1 when the ring is empty or the record does not fit
   */
  shiftInto(into: Uint8Array, at: number): number {
    const head = this.#memory.load(HEAD);
    const tail = this.#memory.load(TAIL);
    if (head === tail) return -1;
    const length = this.#readLength(head);
    const used = (tail - head) >>> 0;
    if (used > this.#mask + 1 || length > used - LENGTH_BYTES) this.#skipTo(tail);
    else if (length <= into.length - at) {
      this.#copyOut(head + LENGTH_BYTES, into.subarray(at, at + length));
      this.#memory.store(HEAD, (head + LENGTH_BYTES + length) | 0);
      return length;
    }
    return -1;
  }

  /**
   * Consumer: resolves once there may be records, or after `timeoutMs`.
   *
   * The sleeping mark is set before the ring is looked at, and the producer looks at the mark after
   * it has published, so no record can slip between the two.
   */
  async wait(timeoutMs: number): Promise<void> {
    this.#memory.store(SLEEPING, 1);
    if (this.#memory.load(HEAD) !== this.#memory.load(TAIL)) return;
    await this.#memory.wait(SLEEPING, 1, timeoutMs);
  }

  /** Either side: wakes a waiting consumer although there is no record, to let it end. */
  wake(): void {
    this.#memory.store(SLEEPING, 0);
    this.#memory.notify(SLEEPING);
  }

  /** The producer died in the middle of a record, or lies: what is there cannot be told apart. */
  #skipTo(tail: number): undefined {
    this.#memory.add(DROPPED, 1);
    this.#memory.store(HEAD, tail);
  }

  #wakeConsumer(): void {
    if (this.#memory.load(SLEEPING) === 1) this.wake();
  }

  #writeLength(at: number, length: number): void {
    for (let i = 0; i < LENGTH_BYTES; i++) {
      this.#memory.writeByte((at + i) & this.#mask, (length >>> (8 * i)) & 0xff);
    }
  }

  #readLength(at: number): number {
    let length = 0;
    for (let i = 0; i < LENGTH_BYTES; i++) {
      length |= this.#memory.readByte((at + i) & this.#mask) << (8 * i);
    }
    return length >>> 0;
  }

  #copyIn(at: number, record: Uint8Array): void {
    const start = at & this.#mask;
    const first = Math.min(record.length, this.#mask + 1 - start);
    if (first > 0) this.#memory.writeBytes(start, record, 0, first);
    if (first < record.length) this.#memory.writeBytes(0, record, first, record.length);
  }

  #copyOut(at: number, record: Uint8Array): void {
    const { length } = record;
    const start = at & this.#mask;
    const first = Math.min(length, this.#mask + 1 - start);
    if (first > 0) this.#memory.readBytes(start, record, 0, first);
    if (first < length) this.#memory.readBytes(0, record, first, length);
  }
}

// Each index has a cache line (64 bytes) of its own, so that the two sides do not slow each other.
const HEAD = 0;
const TAIL = 16;
const SLEEPING = 32;
const DROPPED = 48;
const HEADER_BYTES = 256;
const LENGTH_BYTES = 4;
