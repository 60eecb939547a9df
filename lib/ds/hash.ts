/**
 * Hashes that decide which server a key belongs to.
 *
 * None has a secret in it: all threads, all instances and all versions of Weir must agree on where a
 * key goes, also after a restart. So whoever chooses keys can choose where they go. Bounded load is
 * the remedy for that; these functions must not be used where an attacker's collisions cost time.
 */

/**
 * MurmurHash3 x86-32 of the UTF-8 form of `text` (Austin Appleby, public domain).
 *
 * @param seed another seed gives another, independent hash of the same text
 * @returns 0 to 2^32 - 1
 */
export function hashText(text: string, seed = 0): number {
  const { length } = text;
  const tailAt = length & ~3;
  let hash = seed | 0;
  for (let at = 0; at < tailAt; at += 4) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    const d = text.charCodeAt(at + 3);
    if ((a | b | c | d) > LAST_ASCII) return hashBytes(UTF8.encode(text), seed);
    hash = addBlock(hash, a | b << 8 | c << 16 | d << 24);
  }
  let tail = 0;
  for (let at = length - 1; at >= tailAt; at--) {
    const code = text.charCodeAt(at);
    if (code > LAST_ASCII) return hashBytes(UTF8.encode(text), seed);
    tail = tail << 8 | code;
  }
  return mix32(hash ^ scramble(tail) ^ length);
}

/** The finaliser of MurmurHash3: one to one, and each bit of `value` sways all of the result's. */
export function mix32(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** One hash of two. Their order counts, and no two `b` give the same for one `a`, nor the reverse. */
export function combine(a: number, b: number): number {
  return mix32(Math.imul(a, GOLDEN_RATIO) + b);
}

/** 2^32 divided by the golden section; odd, so multiplying by it loses nothing. */
const GOLDEN_RATIO = 0x9e3779b1;
const LAST_ASCII = 0x7f;
const UTF8 = new TextEncoder();

/** The same hash of bytes: the way of text that is not all ASCII. */
function hashBytes(bytes: Uint8Array, seed: number): number {
  const { length } = bytes;
  const tailAt = length & ~3;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let hash = seed | 0;
  for (let at = 0; at < tailAt; at += 4) hash = addBlock(hash, view.getInt32(at, true));
  let tail = 0;
  for (let at = length - 1; at >= tailAt; at--) tail = tail << 8 | view.getUint8(at);
  return mix32(hash ^ scramble(tail) ^ length);
}

function addBlock(hash: number, block: number): number {
  const mixed = hash ^ scramble(block);
  return (Math.imul(mixed << 13 | mixed >>> 19, 5) + 0xe6546b64) | 0;
}

function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul(product << 15 | product >>> 17, 0x1b873593);
}
