import { assertEquals } from "@std/assert";
import { formatIp, parseIp } from "../../lib/core/cidr.ts";
import type { TcpAddress } from "../../lib/core/address.ts";
import { type ProxyHeader, TLV_NOOP } from "../../lib/net/proxy_header.ts";
import { readProxyHeader } from "../../lib/net/proxy_header_read.ts";
import { writeProxyHeader } from "../../lib/net/proxy_header_write.ts";
import { seededRandom } from "../support/seeded_random.ts";

const V4 = { kind: "tcp", hostname: "192.0.2.7", port: 50_000 } as const;
const V4_TO = { kind: "tcp", hostname: "198.51.100.1", port: 443 } as const;
const V6 = { kind: "tcp", hostname: "2001:db8::1", port: 1 } as const;
const SIGNATURE = "0d0a0d0a000d0a515549540a";

const TEXTS: readonly (readonly [string, Partial<ProxyHeader>, string])[] = [
  ["IPv4", { source: V4, destination: V4_TO }, "TCP4 192.0.2.7 198.51.100.1 50000 443"],
  ["IPv6", { source: V6, destination: V6 }, "TCP6 2001:db8::1 2001:db8::1 1 1"],
  [
    "both families as IPv6",
    { source: V4, destination: V6 },
    "TCP6 ::ffff:192.0.2.7 2001:db8::1 50000 1",
  ],
  [
    "IPv4 that is written as IPv6 as IPv4",
    { source: { ...V4, hostname: "::ffff:192.0.2.7" }, destination: V4_TO },
    "TCP4 192.0.2.7 198.51.100.1 50000 443",
  ],
  [
    "a link's address without its zone",
    { source: { ...V6, hostname: "fe80::1%eth0" }, destination: V6 },
    "TCP6 fe80::1 2001:db8::1 1 1",
  ],
  ["no address", {}, "UNKNOWN"],
  ["one address alone", { source: V4 }, "UNKNOWN"],
  ["a check", { command: "local", source: V4, destination: V4_TO }, "UNKNOWN"],
];

for (const [what, header, expected] of TEXTS) {
  Deno.test(`writeProxyHeader() writes ${what} in version 1`, () => {
    const bytes = writeProxyHeader({ version: 1, command: "proxy", ...header });

    assertEquals(new TextDecoder().decode(bytes), `PROXY ${expected}\r\n`);
  });
}

const BINARIES: readonly (readonly [string, Partial<ProxyHeader>, string])[] = [
  ["IPv4", { source: V4, destination: V4_TO }, "21 11 000c c0000207 c6336401 c350 01bb"],
  [
    "IPv6",
    { source: V6, destination: V4 },
    "21 21 0024 20010db8000000000000000000000001 00000000000000000000ffffc0000207 0001 c350",
  ],
  [
    "what came beside the addresses",
    { source: V4, destination: V4_TO, tlvs: [{ type: 2, value: Uint8Array.of(0x61, 0x62) }] },
    "21 11 0011 c0000207 c6336401 c350 01bb 02 0002 6162",
  ],
  ["no address", {}, "21 00 0000"],
  [
    "a check",
    { command: "local", source: V4, tlvs: [{ type: 2, value: new Uint8Array(1) }] },
    "20 00 0000",
  ],
];

for (const [what, header, expected] of BINARIES) {
  Deno.test(`writeProxyHeader() writes ${what} in version 2`, () => {
    const bytes = writeProxyHeader({ version: 2, command: "proxy", ...header });

    assertEquals(bytes.toHex(), SIGNATURE + expected.replaceAll(" ", ""));
  });
}

Deno.test("writeProxyHeader() leaves out what is more than a header can hold", () => {
  const tlvs = [60_000, 5_000, 600].map((length) => ({ type: 1, value: new Uint8Array(length) }));
  const bytes = writeProxyHeader({
    version: 2,
    command: "proxy",
    source: V6,
    destination: V6,
    tlvs,
  });

  assertEquals(bytes.length, 16 + 36 + 3 + 60_000 + 3 + 5_000);
});

Deno.test("writeProxyHeader() writes what readProxyHeader() gets back, whatever it is", () => {
  const random = seededRandom(1);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let round = 0; round < 2000; round++) {
    const isIpv4 = random() < 0.5;
    const address = (): TcpAddress => ({
      kind: "tcp",
      hostname: canonical(
        isIpv4
          ? Array.from({ length: 4 }, () => below(256)).join(".")
          : Array.from({ length: 8 }, () => (1 + below(65_535)).toString(16)).join(":"),
      ),
      port: below(65_536),
    });
    const [source, destination] = [address(), address()];
    const tlvs = Array.from({ length: below(4) }, () => ({
      // What comes before belongs to one header alone: checksum and padding are not handed on.
      type: TLV_NOOP + 1 + below(255 - TLV_NOOP),
      value: Uint8Array.from({ length: below(40) }, () => below(256)),
    }));

    const parts = tlvs.length === 0 ? {} : { tlvs };
    const ends = { command: "proxy", source, destination } as const;
    for (const header of [{ version: 1, ...ends }, { version: 2, ...ends, ...parts }] as const) {
      const bytes = writeProxyHeader(header);

      const read = readProxyHeader(bytes);

      assertEquals(read, { kind: "header", header, sizeBytes: bytes.length });
    }
  }
});

/** The one way to write an address that the reader has. */
function canonical(address: string): string {
  return formatIp(parseIp(address) ?? 0n);
}
