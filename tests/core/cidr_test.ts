import { assertEquals, assertThrows } from "@std/assert";
import { CidrSet, parseCidr, parseIp } from "../../lib/core/cidr.ts";
import { seededRandom } from "../support/seeded_random.ts";

const setOf = (...texts: string[]) => new CidrSet(texts.map(parseCidr));

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

Deno.test("parseIp() reads every form of RFC 4291 and nothing else", () => {
  assertEquals(parseIp("1:2:3:4:5:6:7:8"), 0x0001000200030004000500060007_0008n);
  assertEquals(parseIp("1::8"), (1n << 112n) | 8n);
  assertEquals(parseIp("::"), 0n);
  assertEquals(parseIp("1:2:3:4:5:6:1.2.3.4"), parseIp("1:2:3:4:5:6:102:304"));
  for (
    const text of [
      ...[
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4::5:6:7:8",
        ":1:2:3:4:5:6:7",
        "1:2:",
        ":::",
      ],
      ...["12345::", "g::", "1.2.3.4::", "::1.2.3", "::1.2.3.4:5", "1::%eth0", " ::1", "0x1.2.3.4"],
    ]
  ) assertEquals(parseIp(text), undefined, text);
});

const WRONG: readonly [text: string, message: string][] = [
  ["", "must be an IP address or a block"],
  ["10.0.0.0/", "must be an IP address or a block"],
  ["10.0.0.0/8/8", "must be an IP address or a block"],
  ["10.0.0/8", "must be an IP address or a block"],
  ["example.com", "must be an IP address or a block"],
  ["[::1]/128", "must be an IP address or a block"],
  ["10.0.0.0/-1", "must be an IP address or a block"],
  ["10.0.0.0/33", "prefix length must be 0 to 32"],
  ["::/129", "prefix length must be 0 to 128"],
  ["10.0.0.1/8", `must have no bits set after the prefix, like 10.0.0.0/8`],
  ["fd00::1/8", `must have no bits set after the prefix, like 10.0.0.0/8`],
];

for (const [text, message] of WRONG) {
  Deno.test(`parseCidr() refuses "${text}"`, () => {
    assertThrows(() => parseCidr(text), SyntaxError, message);
  });
}
