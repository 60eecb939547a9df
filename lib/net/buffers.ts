/**
 * Read buffers of one thread, kept on free lists so that none is made or zeroed per connection.
 *
 * A connection waits for bytes with a {@linkcode SMALL_BYTES} buffer, cut from slabs, and borrows a
 * large one only while reads come back full. Once all large ones together hold `maxLentBytes`, a
 * borrower gets the smallest of them: at worst that is 16 KiB for each direction of a connection.
 */
export class BufferPool {
  readonly #small: Uint8Array[] = [];
  /** By place in {@linkcode LARGE_BYTES}. */
  readonly #large: readonly Uint8Array[][] = LARGE_BYTES.map(() => []);
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
    const wanted = sizeClassAbove(currentBytes);
    const fits = this.#lentBytes + LARGE_BYTES[wanted]! <= this.#maxLentBytes;
    const sizeClass = fits ? wanted : 0;
    const size = LARGE_BYTES[sizeClass]!;
    this.#lentBytes += size;
    const kept = this.#large[sizeClass]!.pop();
    if (kept === undefined) return new Uint8Array(size);
    this.#keptBytes -= size;
    return kept;
  }

  /** A buffer above `currentBytes` whatever the bound says: for a head, which has a limit of its own. */
  takeAbove(currentBytes: number): Uint8Array {
    const largest = LARGE_BYTES[LARGEST_CLASS]!;
    const size = currentBytes < largest
      ? LARGE_BYTES[sizeClassAbove(currentBytes)]!
      : 2 * currentBytes;
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
    const sizeClass = LARGE_BYTES.indexOf(buffer.length);
    if (sizeClass === -1 || this.#keptBytes + buffer.length > MAX_KEPT_BYTES) return;
    this.#keptBytes += buffer.length;
    this.#large[sizeClass]!.push(buffer);
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
const LARGEST_CLASS = LARGE_BYTES.length - 1;

/** Place of the smallest size above `currentBytes`, or of the largest. */
function sizeClassAbove(currentBytes: number): number {
  let sizeClass = 0;
  while (sizeClass < LARGEST_CLASS && LARGE_BYTES[sizeClass]! <= currentBytes) sizeClass++;
  return sizeClass;
}

const DEFAULT_MAX_LENT_BYTES = 64 * 1024 * 1024;
/** Free large buffers kept for the next borrower. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
