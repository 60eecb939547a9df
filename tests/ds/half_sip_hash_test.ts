import { assertEquals, assertNotEquals } from "@std/assert";
import { HalfSipHash } from "../../lib/ds/half_sip_hash.ts";

/**
 * HalfSipHash-2-4-64 of the bytes 0, 1, 2 … of which there are 0, 2, 4 … 62, under the key 0 to 7:
 * `vectors_hsip64` of the reference implementation, but for odd lengths, which UTF-16 has not.
 */
const VECTORS = [
  "218d1f59b9b83cc8",
  "064f39ef7c50eb57",
  "d5e78a175be52ea1",
  "ce3e91358aa2bc25",
  "edfee820bce4858c",
  "95b0469f06a6f2ee",
  "7bc71f9faef5c799",
  "3bb1a870eae8e658",
  "7336aad25f7bf3b5",
  "c9b2db2b9a3e42f9",
  "1bf52b0a6feea7db",
  "e20103fa1ba776ef",
  "70741045ae3fa6f1",
  "0d899ed8112923f0",
  "2d925ffb1e0016b5",
  "291aaf864898179d",
  "28709d46d811626c",
  "8324e4d7528f9830",
  "86d67a40ec4276dc",
  "cbd92ee724d42109",
  "5b38c81c67c8ae4c",
  "a91a52c025327024",
  "1e30f3ad27dcb15a",
  "495c0f995557dc38",
  "a9eaa8c04ba93e3e",
  "912d568fd8f65a49",
  "02445a7998f550e1",
  "359569e7d289e3bc",
  "a1a492f942f15f1d",
  "5d1b5ea1b231d89d",
  "d6762890bf26e460",
  "f90b3ab572d46693",
];

Deno.test("HalfSipHash agrees with the reference implementation", () => {
  const hash = new HalfSipHash(0x03020100, 0x07060504);

  VECTORS.forEach((expected, units) => {
    const codes = Array.from({ length: units }, (_, at) => 2 * at | (2 * at + 1) << 8);
    hash.hash(String.fromCharCode(...codes));
    assertEquals(hexOf(hash), expected, `${2 * units} bytes`);
  });
});

Deno.test("HalfSipHash of one text differs under another key", () => {
  const texts = [[1, 0], [0, 1], [0, 0]].map(([key0 = 0, key1 = 0]) => {
    const hash = new HalfSipHash(key0, key1);
    hash.hash("192.0.2.1");
    return hexOf(hash);
  });

  assertEquals(new Set(texts).size, 3);
});

Deno.test("HalfSipHash tells texts of different length apart, zeros too", () => {
  const hash = new HalfSipHash(1, 2);
  hash.hash("\0");
  const one = hexOf(hash);
  hash.hash("\0\0");

  assertNotEquals(hexOf(hash), one);
});

/** As the reference prints it: bytes of both words, the lowest first. */
function hexOf({ low, high }: HalfSipHash): string {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setInt32(0, low, true);
  bytes.setInt32(4, high, true);
  return Array.from({ length: 8 }, (_, at) => bytes.getUint8(at).toString(16).padStart(2, "0"))
    .join("");
}
