/**
 * HalfSipHash-2-4 with 64 bits of output (J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast
 * short-input PRF", 2012; the variant on 32-bit words of the reference implementation).
 *
 * A hash with a secret: whoever does not know the key cannot choose texts that collide, however many
 * they try, which no plain hash promises. For tables that strangers fill; nothing of it may leave the
 * process.
 */
export class HalfSipHash {
  readonly #key0: number;
  readonly #key1: number;
  /** The first 32 bits of the hash of the last text, signed. */
  low = 0;
  /** The other 32 bits. */
  high = 0;

  /** @param key0 and `key1`: 64 random bits that nobody is told */
  constructor(key0: number, key1: number) {
    this.#key0 = key0 | 0;
    this.#key1 = key1 | 0;
  }

  /** Hashes the UTF-16LE form of `text` into {@linkcode low} and {@linkcode high}. */
  hash(text: string): void {
    const { length } = text;
    const blocks = length >> 1;
    let v0 = this.#key0;
    let v1 = this.#key1 ^ 0xee;
    let v2 = 0x6c796765 ^ this.#key0;
    let v3 = 0x74656462 ^ this.#key1;
    // One round body for all: the blocks, the last one with the length, and twice the finish.
    for (let step = 0; step <= blocks + 2; step++) {
      let block = 0;
      if (step < blocks) {
        block = text.charCodeAt(2 * step) | text.charCodeAt(2 * step + 1) << 16;
      } else if (step === blocks) {
        block = length << 25 | (length % 2 === 1 ? text.charCodeAt(length - 1) : 0);
      } else if (step === blocks + 1) {
        v2 ^= 0xee;
      } else {
        this.low = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v3 ^= block;
      for (let round = step > blocks ? 4 : 2; round > 0; round--) {
        v0 = (v0 + v1) | 0;
        v1 = (v1 << 5 | v1 >>> 27) ^ v0;
        v0 = v0 << 16 | v0 >>> 16;
        v2 = (v2 + v3) | 0;
        v3 = (v3 << 8 | v3 >>> 24) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = (v3 << 7 | v3 >>> 25) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = (v1 << 13 | v1 >>> 19) ^ v2;
        v2 = v2 << 16 | v2 >>> 16;
      }
      v0 ^= block;
    }
    this.high = v1 ^ v3;
  }
}
