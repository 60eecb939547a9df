import { assertEquals, assertLess } from "@std/assert";
import { parseCidr } from "../../lib/core/cidr.ts";
import { CidrSet } from "../../lib/core/cidr_set.ts";
import { seededRandom } from "../support/seeded_random.ts";

const setOf = (...texts: string[]) => CidrSet.of(texts.map(parseCidr));

const MEMBERS: readonly [block: string, inside: string[], outside: string[]][] = [
  ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::10.0.0.1"]],
  ["192.0.2.7", ["192.0.2.7", "::ffff:192.0.2.7", "::FFFF:c000:207"], ["192.0.2.6", "192.0.2.8"]],
  ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"], ["::1", "fd00::1"]],
  ["::/0", ["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "10.0.0.1"], []],
  ["fd00::/8", ["fd00::1", "fdff:ffff::"], ["fc00::", "fe00::", "10.0.0.1"]],
  ["::1", ["::1", "0:0:0:0:0:0:0:1", "0:0::0.0.0.1"], ["::", "::2", "127.0.0.1"]],
  ["::ffff:10.0.0.0/104", ["10.1.2.3", "::ffff:10.1.2.3"], ["11.0.0.0", "::10.1.2.3"]],
  ["fe80::/64", ["fe80::1%eth0", "fe80::2"], ["fe80:0:0:1::1%eth0"]],
  ["128.0.0.0/1", ["128.0.0.0", "255.255.255.255"], ["127.255.255.255"]],
];

for (const [block, inside, outside] of MEMBERS) {
  Deno.test(`CidrSet.has() knows what is in ${block}`, () => {
    const set = setOf(block);

    for (const address of inside) assertEquals(set.has(address), true, address);
    for (const address of outside) assertEquals(set.has(address), false, address);
  });
}

Deno.test("CidrSet.has() finds addresses among blocks that touch, overlap and repeat", () => {
  const set = setOf("10.0.1.0/24", "10.0.0.0/24", "10.0.0.128/25", "10.0.1.0/24", "10.9.0.0/16");

  const found = ["9.255.255.255", "10.0.0.0", "10.0.1.255", "10.0.2.0", "10.9.255.255", "10.10.0.0"]
    .map((address) => set.has(address));

  assertEquals(found, [false, true, true, false, true, false]);
});

Deno.test("CidrSet.has() agrees with a look at every block", () => {
  const random = seededRandom(7);
  const octet = () => Math.floor(random() * 4);
  const blocks = Array.from({ length: 60 }, () => {
    const bits = 24 + Math.floor(random() * 9);
    const value = ((octet() << 8) | Math.floor(random() * 256)) & (-1 << (32 - bits));
    return { bits, value };
  });
  const set = setOf(
    ...blocks.map(({ bits, value }) => `10.0.${(value >> 8) & 255}.${value & 255}/${bits}`),
  );

  for (let value = 0; value < 1280; value++) {
    const expected = blocks.some((block) => (value & (-1 << (32 - block.bits))) === block.value);
    assertEquals(set.has(`10.0.${value >> 8}.${value & 255}`), expected, `${value}`);
  }
});

Deno.test("CidrSet.has() says no to what is no address, and to all when it is empty", () => {
  const everything = setOf("::/0");

  for (
    const text of ["", "unknown", "1.2.3", "1.2.3.4.5", "1.2.3.04", "256.0.0.1", ":", "1::2::3"]
  ) {
    assertEquals(everything.has(text), false, text);
  }
  assertEquals(setOf().has("10.0.0.1"), false);
});

Deno.test("CidrSet.has() agrees with a look at every block of IPv6", () => {
  const random = seededRandom(8);
  const blocks = Array.from({ length: 200 }, () => {
    const group = Math.floor(random() * 4).toString(16);
    return parseCidr(`200${group}:${Math.floor(random() * 3)}::${Math.floor(random() * 9)}`);
  });
  const set = CidrSet.of(blocks);

  for (let group = 0; group < 4; group++) {
    for (let rest = 0; rest < 27; rest++) {
      const address = `200${group}:${Math.floor(rest / 9)}::${rest % 9}`;
      const { first } = parseCidr(address);
      const expected = blocks.some((block) => block.first <= first && first <= block.last);
      assertEquals(set.has(address), expected, address);
    }
  }
});

Deno.test("CidrSet() over the memory of another set holds the same", () => {
  const { buffer } = setOf("10.0.0.0/8", "fd00::/8");
  const set = new CidrSet(structuredClone(buffer));

  const found = ["10.1.2.3", "11.0.0.0", "fd00::1", "fe00::1"].map((address) => set.has(address));

  assertEquals(found, [true, false, true, false]);
  assertEquals([set.isEmpty, setOf().isEmpty], [false, true]);
});

Deno.test("CidrSet.has() takes about as long among 100,000 blocks as among 100", () => {
  const random = seededRandom(9);
  const address = () => Array.from({ length: 4 }, () => Math.floor(random() * 256)).join(".");
  const sets = [100, 100_000].map((size) => setOf(...Array.from({ length: size }, address)));
  const asked = Array.from({ length: 20_000 }, address);
  const fastest = (set: CidrSet) => {
    const runs = Array.from({ length: 5 }, () => {
      const startMs = performance.now();
      for (const one of asked) set.has(one);
      return performance.now() - startMs;
    });
    return Math.min(...runs);
  };

  const [few = 0, many = 0] = sets.map(fastest);

  // A look at every block would be a thousand times as long; a binary search is ten steps more.
  assertLess(many, 20 * few);
});
