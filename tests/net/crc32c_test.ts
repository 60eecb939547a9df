import { assertEquals } from "@std/assert";
import { crc32c } from "../../lib/net/crc32c.ts";

/** RFC 3720 section B.4, and the check value of the catalogue of parametrised CRCs. */
const CASES: readonly [what: string, bytes: Uint8Array, sum: number][] = [
  ["nothing", new Uint8Array(), 0],
  ["the digits", new TextEncoder().encode("123456789"), 0xe3069283],
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["what counts up", Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
];

for (const [what, bytes, sum] of CASES) {
  Deno.test(`crc32c() of ${what}`, () => {
    assertEquals(crc32c(bytes), sum);
  });
}
