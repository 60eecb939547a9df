import { assertEquals, assertThrows } from "@std/assert";
import { formatIp, parseCidr, parseIp } from "../../lib/core/cidr.ts";

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

const WRITTEN: readonly [text: string, written: string][] = [
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
  ["1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"],
];

for (const [text, written] of WRITTEN) {
  Deno.test(`formatIp() writes ${text} as ${written}`, () => {
    assertEquals(formatIp(parseIp(text) ?? -1n), written);
  });
}
