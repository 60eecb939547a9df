import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { combine, hashText, mix32 } from "../../lib/ds/hash.ts";
import { seededRandom, wholeBelow } from "../support/seeded_random.ts";

const SEEDED = { seed: 20_260_921, numRuns: 500 };

/** Published test vectors of MurmurHash3 x86-32. */
const VECTORS: readonly (readonly [text: string, seed: number, hash: number])[] = [
  ["", 0, 0],
  ["", 1, 0x514e28b7],
  ["", 0xffffffff, 0x81f16f39],
  ["a", 0x9747b28c, 0x7fa09ea6],
  ["aa", 0x9747b28c, 0x5d211726],
  ["aaa", 0x9747b28c, 0x283e0130],
  ["aaaa", 0x9747b28c, 0x5a97808a],
  ["ab", 0x9747b28c, 0x74875592],
  ["abc", 0x9747b28c, 0xc84a62dd],
  ["abcd", 0x9747b28c, 0xf0478627],
  ["test", 0, 0xba6bd213],
  ["test", 0x9747b28c, 0x704b81dc],
  ["Hello, world!", 0, 0xc0363e43],
  ["Hello, world!", 0x9747b28c, 0x24884cba],
  ["The quick brown fox jumps over the lazy dog", 0, 0x2e4ff723],
  ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
  ["\u03c0\u03c0\u03c0\u03c0\u03c0\u03c0\u03c0\u03c0", 0x9747b28c, 0xd58063c1],
];

for (const [text, seed, hash] of VECTORS) {
  Deno.test(`hashText() of ${JSON.stringify(text)} with seed ${seed} is the published one`, () => {
    assertEquals(hashText(text, seed), hash);
  });
}

Deno.test("hashText() is that of the UTF-8 bytes, wherever the text leaves ASCII", () => {
  // "é" is c3 a9: the block "a b c c3", then the tail "a9".
  const mixed = "abc\u00e9";
  const positions = ["\u00e9bcdefg", "abcdef\u00e9", "abcdefgh\u20ac", "\u{1f600}"];

  assertEquals(hashText(mixed), referenceHash(new TextEncoder().encode(mixed)));
  for (const text of positions) {
    assertEquals(hashText(text), referenceHash(new TextEncoder().encode(text)), text);
  }
});

Deno.test("hashText() of any text is that of its UTF-8 bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      assertEquals(hashText(text), referenceHash(new TextEncoder().encode(text)));
    }),
    SEEDED,
  );
});

Deno.test("hashText() sways half of the bits for any bit of the text", () => {
  assertAvalanche((input) => hashText(String.fromCharCode(...septets(input))), 28);
});

Deno.test("mix32() sways half of the bits for any bit of the value", () => {
  assertAvalanche(mix32, 32);
});

Deno.test("combine() sways half of the bits for any bit of either value", () => {
  assertAvalanche((input) => combine(input, 12345), 32);
  assertAvalanche((input) => combine(12345, input), 32);
});

Deno.test("mix32() is one to one, and its results are whole numbers of 32 bits", () => {
  const values = Array.from({ length: 100_000 }, (_, place) => place);

  const mixed = new Set(values.map(mix32));

  assertEquals(mixed.size, values.length);
  assertEquals([...mixed].every((value) => value === value >>> 0), true);
});

Deno.test("combine() goes by the order of its arguments", () => {
  assertNotEquals(combine(1, 2), combine(2, 1));
});

/** `input` as ASCII characters of seven bits each. */
function septets(input: number): number[] {
  return [0, 7, 14, 21].map((shift) => (input >>> shift) & 0x7f);
}

/** Fails unless flipping any of the `width` lowest input bits flips each output bit half the time. */
function assertAvalanche(hash: (input: number) => number, width: number): void {
  const random = seededRandom(5);
  const samples = 2000;
  for (let bit = 0; bit < width; bit++) {
    const flips = new Array<number>(32).fill(0);
    for (let sample = 0; sample < samples; sample++) {
      const input = wholeBelow(random, 2 ** width);
      const changed = hash(input) ^ hash((input ^ (1 << bit)) >>> 0);
      for (let out = 0; out < 32; out++) flips[out] = flips[out]! + ((changed >>> out) & 1);
    }
    // Six standard deviations: 1024 coins are tossed here 2000 times each.
    for (const count of flips) assertAlmostEquals(count / samples, 0.5, 0.067);
  }
}

/** MurmurHash3 x86-32 as published, a byte at a time. */
function referenceHash(bytes: Uint8Array): number {
  let hash = 0;
  const blocks = bytes.length >> 2;
  for (let block = 0; block < blocks; block++) {
    hash ^= scramble(littleEndian(bytes.subarray(4 * block, 4 * block + 4)));
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0;
  }
  hash ^= scramble(littleEndian(bytes.subarray(4 * blocks)));
  return mix32(hash ^ bytes.length);
}

function scramble(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((word, byte) => word * 256 + byte, 0) | 0;
}
