import { assertEquals, assertThrows } from "@std/assert";
import { type Address, formatAddress, parseAddress, parseHost } from "../../lib/core/address.ts";

const tcp = (hostname: string, port: number): Address => ({ kind: "tcp", hostname, port });

const ADDRESSES: readonly [text: string, address: Address][] = [
  [":8080", tcp("::", 8080)],
  ["127.0.0.1:8080", tcp("127.0.0.1", 8080)],
  ["0.0.0.0:1", tcp("0.0.0.0", 1)],
  ["[::1]:65535", tcp("::1", 65_535)],
  ["[2001:DB8:0:0::1]:80", tcp("2001:db8::1", 80)],
  ["localhost:80", tcp("localhost", 80)],
  ["app_1.internal.:80", tcp("app_1.internal.", 80)],
  ["web.1:80", tcp("web.1", 80)],
  ["xn--mnchen-3ya.de:443", tcp("xn--mnchen-3ya.de", 443)],
  ["unix:/run/weir.sock", { kind: "unix", path: "/run/weir.sock" }],
];

for (const [text, address] of ADDRESSES) {
  Deno.test(`parseAddress() reads ${text}`, () => {
    assertEquals(parseAddress(text), address);
  });
}

Deno.test("formatAddress() writes what parseAddress() reads back", () => {
  for (const [, address] of ADDRESSES) {
    assertEquals(parseAddress(formatAddress(address)), address);
  }
});

const WRONG: readonly [text: string, message: string][] = [
  ["", "must be HOST:PORT"],
  ["8080", "must be HOST:PORT"],
  ["localhost", "must be HOST:PORT"],
  ["localhost:", "port must be"],
  [":0", "port must be"],
  [":70000", "port must be"],
  [":abc", "port must be"],
  [":-1", "port must be"],
  [":80 ", "port must be"],
  [":1e3", "port must be"],
  ["::1:80", "brackets"],
  ["http://a:80", "brackets"],
  ["[::1]80", "brackets"],
  ["[::1]", "brackets"],
  ["[]:80", "IPv6"],
  ["[127.0.0.1]:80", "IPv6"],
  ["[::1%eth0]:80", "IPv6"],
  ["[:::]:80", "IPv6"],
  ["256.0.0.1:80", "four numbers"],
  ["1.2.3:80", "four numbers"],
  ["01.2.3.4:80", "four numbers"],
  ["2130706433:80", "four numbers"],
  ["0x7f000001:80", "four numbers"],
  ["0x7f.1:80", "four numbers"],
  ["a b:80", "host must be"],
  ["-a:80", "host must be"],
  ["a..b:80", "host must be"],
  ["münchen.de:80", "host must be"],
  [`${"a".repeat(64)}:80`, "host must be"],
  [`${"a.".repeat(130)}b:80`, "host must be"],
  ["unix:", "must be absolute"],
  ["unix:run/x", "must be absolute"],
  ["unix:/", "must name a file"],
  ["unix:/run/", "must name a file"],
  [`unix:/${"x".repeat(107)}`, "at most 107 bytes"],
  [`unix:/${"é".repeat(54)}`, "at most 107 bytes"],
  ["unix:/run/\0", "control characters"],
  ["unix:/run/\n", "control characters"],
];

for (const [text, message] of WRONG) {
  Deno.test(`parseAddress() refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    assertThrows(() => parseAddress(text), SyntaxError, message);
  });
}

Deno.test("parseHost() reads IPv6 with and without brackets", () => {
  assertEquals(parseHost("[::1]"), "::1");
  assertEquals(parseHost("0:0:0:0:0:0:0:1"), "::1");
});
