import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseCidr } from "../../lib/core/cidr.ts";
import type { ProxyHeader } from "../../lib/net/proxy_header.ts";
import { MAX_PROXY_HEADER_BYTES, readProxyHeader } from "../../lib/net/proxy_header_read.ts";
import {
  ADDRESSES_4,
  ADDRESSES_6,
  binaryHeader,
  summedHeader,
  textHeader,
  tlv,
} from "../support/proxy_headers.ts";

const SEEDED = { seed: 20_261_121, numRuns: 3_000 };

const tcp = (hostname: string, port: number) => ({ kind: "tcp", hostname, port }) as const;
const FROM_4 = { source: tcp("192.0.2.1", 56324), destination: tcp("198.51.100.7", 443) };
const FROM_6 = { source: tcp("2001:db8::1", 56324), destination: tcp("::1", 443) };
const V1 = { version: 1, command: "proxy" } as const;
const V2 = { version: 2, command: "proxy" } as const;
const LOCAL = { version: 2, command: "local" } as const;
const UNIX = new Array<number>(216).fill(0x2f);
const LONGEST = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

const HEADERS: readonly [what: string, bytes: Uint8Array, header: ProxyHeader][] = [
  ["TCP4", textHeader("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443"), { ...V1, ...FROM_4 }],
  ["TCP6", textHeader("PROXY TCP6 2001:DB8:0::1 ::1 56324 443"), { ...V1, ...FROM_6 }],
  [
    "the longest line",
    textHeader(`PROXY TCP6 ${LONGEST} ${LONGEST} 65535 65535`),
    { ...V1, source: tcp(LONGEST, 65535), destination: tcp(LONGEST, 65535) },
  ],
  [
    "IPv4 that is mapped into IPv6, as IPv4",
    textHeader("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6407 56324 443"),
    { ...V1, ...FROM_4 },
  ],
  ["UNKNOWN", textHeader("PROXY UNKNOWN"), V1],
  ["UNKNOWN with anything behind it", textHeader("PROXY UNKNOWN a \0 b"), V1],
  ["version 2, IPv4", binaryHeader(0x21, 0x11, ADDRESSES_4), { ...V2, ...FROM_4 }],
  ["version 2, IPv6", binaryHeader(0x21, 0x21, ADDRESSES_6), { ...V2, ...FROM_6 }],
  ["version 2, LOCAL", binaryHeader(0x20, 0x00, []), LOCAL],
  ["version 2, LOCAL with addresses", binaryHeader(0x20, 0x11, ADDRESSES_4), LOCAL],
  ["version 2, LOCAL with anything in it", binaryHeader(0x20, 0x21, [1, 2, 3]), LOCAL],
  ["version 2, no family", binaryHeader(0x21, 0x00, []), V2],
  ["version 2, Unix sockets", binaryHeader(0x21, 0x31, UNIX), V2],
  ["version 2, UDP", binaryHeader(0x21, 0x12, ADDRESSES_4), V2],
  [
    "version 2 with more about the connection",
    binaryHeader(0x21, 0x11, [
      ...ADDRESSES_4,
      ...tlv(0x01, [0x68, 0x32]),
      ...tlv(0x04, [0, 0, 0]),
      ...tlv(0xea, []),
    ]),
    {
      ...V2,
      ...FROM_4,
      tlvs: [
        { type: 0x01, value: Uint8Array.of(0x68, 0x32) },
        { type: 0xea, value: new Uint8Array() },
      ],
    },
  ],
  [
    "version 2, checksum",
    summedHeader(),
    { ...V2, ...FROM_4, tlvs: [{ type: 1, value: Uint8Array.of(7) }] },
  ],
];

for (const [what, bytes, header] of HEADERS) {
  const expected = { kind: "header", header, sizeBytes: bytes.length } as const;

  Deno.test(`readProxyHeader() reads ${what}`, () => {
    assertEquals(readProxyHeader(bytes), expected);
  });

  Deno.test(`readProxyHeader() reads nothing behind ${what}`, () => {
    assertEquals(readProxyHeader(Uint8Array.of(...bytes, 71, 69, 84, 0xff)), expected);
  });

  Deno.test(`readProxyHeader() asks for more at every part of ${what}`, () => {
    const kinds = Array.from(bytes, (_, length) => readProxyHeader(bytes.subarray(0, length)).kind);

    assertEquals(new Set(kinds), new Set(["more"]));
  });
}

const text = (line: string) => new TextEncoder().encode(line);
const NONE = "no PROXY header";
const MALFORMED: readonly [what: string, bytes: Uint8Array, reason: string][] = [
  ["HTTP", text("G"), NONE],
  ["another word that begins like it", text("PROXX"), NONE],
  ["a tab after the word", text("PROXY\tTCP4"), NONE],
  ["a TLS hello", Uint8Array.of(22, 3, 1), NONE],
  ["a wrong signature", Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x01), NONE],
  ["a line that does not end", text(`PROXY UNKNOWN ${"x".repeat(93)}`), "no line end within 107"],
  [
    "a line that ends too late",
    textHeader(`PROXY UNKNOWN ${"x".repeat(92)}`),
    "no line end within",
  ],
  ["a carriage return alone", text("PROXY UNKNOWN\rx"), "carriage return without line feed"],
  ["a line feed alone", text(`PROXY UNKNOWN\n${"x".repeat(100)}`), "no line end within"],
  ["another family", textHeader("PROXY UDP4 1.2.3.4 1.2.3.4 1 1"), "family is none of"],
  ["a family in lower case", textHeader("PROXY tcp4 1.2.3.4 1.2.3.4 1 1"), "family is none of"],
  ["no family", textHeader("PROXY "), "family is none of"],
  ["one port too few", textHeader("PROXY TCP4 1.2.3.4 1.2.3.4 1"), "no two addresses"],
  ["a word too many", textHeader("PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1"), "no two addresses"],
  ["two spaces", textHeader("PROXY TCP4  1.2.3.4 1.2.3.4 1 1"), "no two addresses"],
  ["a zero before a number", textHeader("PROXY TCP4 1.2.3.04 1.2.3.4 1 1"), "address is none of"],
  ["IPv6 as TCP4", textHeader("PROXY TCP4 ::1 ::1 1 1"), "address is none of TCP4"],
  ["IPv4 as TCP6", textHeader("PROXY TCP6 1.2.3.4 1.2.3.4 1 1"), "address is none of TCP6"],
  ["a zone", textHeader("PROXY TCP6 fe80::1%eth0 ::1 1 1"), "address is none of TCP6"],
  ["a host name", textHeader("PROXY TCP4 localhost 1.2.3.4 1 1"), "address is none of TCP4"],
  ["a port that is too high", textHeader("PROXY TCP4 1.2.3.4 1.2.3.4 65536 1"), "port is none"],
  ["a port with a sign", textHeader("PROXY TCP4 1.2.3.4 1.2.3.4 +1 1"), "port is none"],
  ["version 3", binaryHeader(0x31, 0x11, ADDRESSES_4), "version is not 2"],
  ["another command", binaryHeader(0x22, 0x11, ADDRESSES_4), "command is neither"],
  ["an unknown family", binaryHeader(0x21, 0x41, UNIX), "family or protocol is not known"],
  ["an unknown protocol", binaryHeader(0x21, 0x13, ADDRESSES_4), "family or protocol"],
  ["addresses that are cut short", binaryHeader(0x21, 0x11, [1, 2, 3]), "too short for its"],
  ["IPv6 with room for IPv4", binaryHeader(0x21, 0x21, ADDRESSES_4), "too short for its addresses"],
  ["a TLV without a length", binaryHeader(0x21, 0x11, [...ADDRESSES_4, 1, 0]), "TLV has no length"],
  [
    "a TLV that is cut short",
    binaryHeader(0x21, 0x11, [...ADDRESSES_4, 1, 0, 2, 9]),
    "a TLV is longer than the header",
  ],
  ["a wrong checksum", summedHeader({ error: 1 }), "checksum is wrong"],
  [
    "a checksum of two bytes",
    binaryHeader(0x21, 0x11, [...ADDRESSES_4, ...tlv(3, [0, 0])]),
    "checksum has not four bytes",
  ],
];

for (const [what, bytes, reason] of MALFORMED) {
  Deno.test(`readProxyHeader() refuses ${what}`, () => {
    const answer = readProxyHeader(bytes);

    assertEquals(
      answer.kind === "malformed" && answer.reason.includes(reason),
      true,
      `${answer.kind}`,
    );
  });
}

Deno.test("readProxyHeader() takes the longest header, and refuses a longer one by its length", () => {
  const room = MAX_PROXY_HEADER_BYTES - 16 - ADDRESSES_4.length - 3;
  const header = (size: number) =>
    binaryHeader(0x21, 0x11, [...ADDRESSES_4, ...tlv(0xe0, new Array<number>(size).fill(1))]);

  assertEquals(readProxyHeader(header(room)).kind, "header");
  assertEquals(readProxyHeader(header(room + 1).subarray(0, 16)).kind, "malformed");
});

Deno.test("readProxyHeader() never throws at changed headers, and says what it says at once", () => {
  const change = fc.tuple(fc.nat(60), fc.nat(255));
  const header = fc.constantFrom(...HEADERS.map(([, bytes]) => bytes));
  fc.assert(
    fc.property(header, fc.array(change, { maxLength: 4 }), (bytes, changes) => {
      const changed = bytes.slice();
      for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte;
      const answer = readProxyHeader(changed);

      // Who reads on after "more" must come to the same end.
      let first = readProxyHeader(new Uint8Array());
      for (let length = 1; length <= changed.length && first.kind === "more"; length++) {
        first = readProxyHeader(changed.subarray(0, length));
      }

      assertEquals(first.kind, answer.kind);
      if (answer.kind === "header") assertEquals(first, answer);
    }),
    SEEDED,
  );
});

Deno.test("readProxyHeader() gives only addresses that are IP addresses", () => {
  const content = fc.uint8Array({ minLength: 36, maxLength: 36 });
  fc.assert(
    fc.property(content, fc.constantFrom(0x11, 0x21), (bytes, family) => {
      const size = family === 0x11 ? 12 : 36;
      const answer = readProxyHeader(binaryHeader(0x21, family, [...bytes.slice(0, size)]));
      if (answer.kind !== "header") throw new Error(`Cannot read: ${answer.kind}`);

      parseCidr(answer.header.source?.hostname ?? "");
      parseCidr(answer.header.destination?.hostname ?? "");
    }),
    SEEDED,
  );
});
