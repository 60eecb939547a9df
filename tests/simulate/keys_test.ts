import { assertAlmostEquals, assertEquals } from "@std/assert";
import { hashText } from "../../lib/ds/hash.ts";
import { hashNumber, zipfKeys } from "../../lib/simulate/keys.ts";
import { seededRandom } from "../support/seeded_random.ts";

const DRAWS = 200_000;

/** How often each of the keys comes, the first one first. */
function shares(count: number, zipf: number): number[] {
  const next = zipfKeys({ count, zipf }, seededRandom(2));
  const counts = new Map<number, number>();
  for (let i = 0; i < DRAWS; i++) {
    const key = next();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const keys = Array.from({ length: count }, (_, place) => hashNumber(place));
  assertEquals([...counts.keys()].filter((key) => !keys.includes(key)), []);
  return keys.map((key) => (counts.get(key) ?? 0) / DRAWS);
}

for (const zipf of [0, 0.5, 1, 1.3, 3]) {
  Deno.test(`zipfKeys() with exponent ${zipf} come by the law`, () => {
    const total = [1, 2, 3, 4, 5, 6, 7].reduce((sum, rank) => sum + rank ** -zipf, 0);

    for (const [place, share] of shares(7, zipf).entries()) {
      assertAlmostEquals(share, (place + 1) ** -zipf / total, 0.005);
    }
  });
}

Deno.test("zipfKeys() with one key is that key", () => {
  assertEquals(shares(1, 1.1), [1]);
});

Deno.test("hashes are 32 bits wide and differ for numbers and texts that are close", () => {
  const hashes = [
    ...Array.from({ length: 10_000 }, (_, number) => hashNumber(number)),
    ...Array.from(
      { length: 10_000 },
      (_, number) => hashText(`10.0.${number >> 8}.${number % 256}`),
    ),
  ];

  assertEquals(hashes.every((hash) => Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32), true);
  // Twenty thousand of 2^32: chance alone makes one pair in twenty runs.
  assertEquals(new Set(hashes).size >= hashes.length - 1, true);
});
