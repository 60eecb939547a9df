/**
 * Read buffers of one thread, kept on free lists so that none is made or zeroed per connection.
 *
 * A connection waits for bytes with a {@linkcode SMALL_BYTES} buffer, cut from slabs, and borrows a
 * large one only while reads come back full. Once all large ones together hold `maxLentBytes`, a
 * borrower gets the smallest of them: at worst that is 16 KiB for each direction of a connection.
 */
export class BufferPool {
  readonly #small: Uint8Array[] = [];
  readonly #large = new Map<number, Uint8Array[]>(LARGE_BYTES.map((size) => [size, []]));
  readonly #maxLentBytes: number;
  #lentBytes = 0;
  #keptBytes = 0;

  /** @param maxLentBytes bytes in large buffers lent out beyond which only the smallest are lent */
  constructor(maxLentBytes = DEFAULT_MAX_LENT_BYTES) {
    this.#maxLentBytes = maxLentBytes;
  }

  /** Bytes of large buffers lent out. */
  get lentBytes(): number {
    return this.#lentBytes;
  }

  takeSmall(): Uint8Array {
    const buffer = this.#small.pop();
    if (buffer !== undefined) return buffer;
    this.#cutSlab();
    return this.takeSmall();
  }

  giveSmall(buffer: Uint8Array): void {
    this.#small.push(buffer);
  }

  /** The next size above `currentBytes`, or the same size when there is none or the bound is met. */
  takeLarger(currentBytes: number): Uint8Array {
    const wanted = LARGE_BYTES.find((size) => size > currentBytes) ?? LARGEST_BYTES;
    const fits = this.#lentBytes + wanted <= this.#maxLentBytes;
    const size = fits ? wanted : SMALLEST_LARGE_BYTES;
    this.#lentBytes += size;
    const kept = this.#large.get(size)?.pop();
    if (kept === undefined) return new Uint8Array(size);
    this.#keptBytes -= size;
    return kept;
  }

  /** A buffer above `currentBytes` whatever the bound says: for a head, which has a limit of its own. */
  takeAbove(currentBytes: number): Uint8Array {
    const size = LARGE_BYTES.find((large) => large > currentBytes) ?? 2 * currentBytes;
    this.#lentBytes += size;
    return new Uint8Array(size);
  }

  /** Takes back a buffer of any size. */
  give(buffer: Uint8Array): void {
    if (buffer.length === SMALL_BYTES) this.giveSmall(buffer);
    else this.giveLarge(buffer);
  }

  giveLarge(buffer: Uint8Array): void {
    this.#lentBytes -= buffer.length;
    if (this.#keptBytes + buffer.length > MAX_KEPT_BYTES) return;
    this.#keptBytes += buffer.length;
    this.#large.get(buffer.length)?.push(buffer);
  }

  #cutSlab(): void {
    const slab = new ArrayBuffer(SLAB_BYTES);
    for (let offset = 0; offset < SLAB_BYTES; offset += SMALL_BYTES) {
      this.#small.push(new Uint8Array(slab, offset, SMALL_BYTES));
    }
  }
}

/** One kibibyte holds a usual request, and two of them keep an idle connection under 16 KiB. */
export const SMALL_BYTES = 1024;
/** Small buffers are cut 64 at a time: a buffer of its own costs some 200 bytes of bookkeeping. */
const SLAB_BYTES = 64 * SMALL_BYTES;

/** Sizes of large buffers. Beyond 256 KiB a read gains little, and the kernel rarely fills it. */
const LARGE_BYTES: readonly number[] = [16 * 1024, 64 * 1024, 256 * 1024];
/** The smallest of them. */
export const SMALLEST_LARGE_BYTES = 16 * 1024;
const LARGEST_BYTES = 256 * 1024;

const DEFAULT_MAX_LENT_BYTES = 64 * 1024 * 1024;
/** Free large buffers kept for the next borrower. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
