import { assertEquals, assertThrows } from "@std/assert";
import { FieldList } from "../../lib/http/fields.ts";
import { formatHttpDate } from "../../lib/http/http_date.ts";
import { decodeLatin1, writeLatin1 } from "../../lib/http/latin1.ts";
import { reasonPhrase } from "../../lib/http/reason_phrase.ts";
import { writeRequestHead, writeResponseHead } from "../../lib/http/serialize.ts";
import { toText } from "./codec.ts";

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

function request(overrides: { method?: string; target?: string } = {}) {
  const fields = new FieldList();
  fields.append("Host", "a");
  return { method: "GET", target: "/", fields, framing: { kind: "none" } as const, ...overrides };
}

Deno.test("writeRequestHead() writes the framing that it is told", () => {
  const into = new Uint8Array(128);
  const write = (framing: Parameters<typeof writeRequestHead>[2]["framing"]) =>
    toText(into.subarray(5, writeRequestHead(into, 5, { ...request(), framing })));

  assertEquals(write({ kind: "none" }), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(
    write({ kind: "chunked" }),
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  assertEquals(
    write({ kind: "length", length: 2 ** 53 - 1 }),
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9007199254740991\r\n\r\n",
  );
});

Deno.test("writeRequestHead() refuses what would split the message", () => {
  const into = new Uint8Array(128);
  for (const method of ["", "GET ", "GET\r\n", "G\0", "GE\u0154"]) {
    assertThrows(() => writeRequestHead(into, 0, request({ method })), TypeError);
  }
  for (const target of ["", "/ HTTP/1.1", "/\r\n", "/\n", "/\0", "/\x7f", "/\xe9", "/\u560a"]) {
    assertThrows(() => writeRequestHead(into, 0, request({ target })), TypeError);
  }
  for (const length of [-1, 1.5, NaN, 2 ** 53]) {
    const parts = { ...request(), framing: { kind: "length", length } as const };
    assertThrows(() => writeRequestHead(into, 0, parts), TypeError);
  }
});

Deno.test("writeRequestHead() says when there is no room", () => {
  const sizeBytes = writeRequestHead(new Uint8Array(128), 0, request());

  for (let size = 0; size < sizeBytes; size++) {
    assertEquals(writeRequestHead(new Uint8Array(size), 0, request()), -1);
  }
  assertEquals(writeRequestHead(new Uint8Array(sizeBytes), 0, request()), sizeBytes);
  assertEquals(writeRequestHead(new Uint8Array(sizeBytes), 1, request()), -1);
});

Deno.test("writeResponseHead() writes status, phrase and fields", () => {
  const into = new Uint8Array(128);
  const fields = new FieldList();
  fields.append("A", "\x80\xff");

  const framing = { kind: "until_close" } as const;
  const end = writeResponseHead(into, 0, { status: 404, reason: "N\xe9 \t", fields, framing });

  assertEquals(toText(into.subarray(0, end)), "HTTP/1.1 404 N\xe9 \t\r\nA: \x80\xff\r\n\r\n");
});

Deno.test("writeResponseHead() refuses what is no answer", () => {
  const into = new Uint8Array(128);
  const fields = new FieldList();
  const framing = { kind: "none" } as const;
  for (const status of [0, 99, 600, 200.5, NaN]) {
    assertThrows(
      () => writeResponseHead(into, 0, { status, reason: "", fields, framing }),
      TypeError,
    );
  }
  for (const reason of ["a\r\nB: c", "\n", "\0", "\u0100"]) {
    assertThrows(
      () => writeResponseHead(into, 0, { status: 200, reason, fields, framing }),
      TypeError,
    );
  }
});

Deno.test("decodeLatin1() and writeLatin1() keep every byte", () => {
  const into = new Uint8Array(300);

  const text = decodeLatin1(EVERY_BYTE, 0, 256);
  const end = writeLatin1(into, 10, text);

  assertEquals(text.length, 256);
  assertEquals(text.charCodeAt(0x85), 0x85);
  assertEquals(into.subarray(10, end), EVERY_BYTE);
  assertEquals(decodeLatin1(EVERY_BYTE, 0x41, 0x44), "ABC");
});

Deno.test("decodeLatin1() takes more bytes than a call has arguments", () => {
  const bytes = new Uint8Array(200_000).fill(0x80);

  assertEquals(decodeLatin1(bytes, 0, bytes.length), "\x80".repeat(200_000));
});

Deno.test("writeLatin1() is exact when text above ASCII just fits", () => {
  const into = new Uint8Array(4);

  assertEquals(writeLatin1(into, 0, "a\xe9\xe9b"), 4);
  assertEquals(into, Uint8Array.of(0x61, 0xe9, 0xe9, 0x62));
  assertEquals(writeLatin1(into, 2, "\xe9\xe8"), 4);
  assertEquals(into, Uint8Array.of(0x61, 0xe9, 0xe9, 0xe8));
  assertEquals(writeLatin1(into, 1, "\xe9\xe9\xe9\xe9"), -1);
});

Deno.test("reasonPhrase() is empty for a code without one", () => {
  assertEquals([reasonPhrase(503), reasonPhrase(299)], ["Service Unavailable", ""]);
});

Deno.test("formatHttpDate() writes the date of RFC 9110", () => {
  assertEquals(formatHttpDate(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
});
