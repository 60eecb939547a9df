import { assertEquals, assertThrows } from "@std/assert";
import { findHeadEnd, HeadScanner } from "../../lib/http/head_end.ts";
import { DEFAULT_HEAD_LIMITS } from "../../lib/http/limits.ts";
import { HttpParseError } from "../../lib/http/parse_error.ts";
import { toBytes } from "./codec.ts";
import { get } from "./head_case.ts";

Deno.test("findHeadEnd() finds the empty line at every parity", () => {
  for (let length = 0; length < 8; length++) {
    const text = "a".repeat(length) + "\r\n\r\nb";

    assertEquals(findHeadEnd(toBytes(text), 0, text.length), length + 4);
  }
});

Deno.test("findHeadEnd() looks only between its bounds", () => {
  const bytes = toBytes("a\r\n\r\nb\r\n\r\n");

  assertEquals(findHeadEnd(bytes, 0, 4), -1);
  assertEquals(findHeadEnd(bytes, 3, 10), 10);
  assertEquals(findHeadEnd(bytes, 10, 10), -1);
});

Deno.test("HeadScanner finds head after head of one connection", () => {
  const scanner = new HeadScanner("request", DEFAULT_HEAD_LIMITS);
  const bytes = toBytes(`${get("A: b")}\r\n${get("C: d")}`);

  const first = scanner.find(bytes, 0, bytes.length);
  scanner.reset();
  const second = scanner.find(bytes, first, bytes.length);

  assertEquals([first, second], [get("A: b").length, bytes.length]);
  assertEquals(scanner.skippedBytes, 2);
});

Deno.test("HeadScanner goes on when the bytes have moved in their buffer", () => {
  const scanner = new HeadScanner("request", DEFAULT_HEAD_LIMITS);
  const bytes = toBytes(`xxxxx\r\n${get()}`);

  assertEquals(scanner.find(bytes, 5, 20), -1);
  assertEquals(scanner.find(bytes.slice(5), 0, bytes.length - 5), bytes.length - 5);
  assertEquals(scanner.skippedBytes, 2);
});

Deno.test("HeadScanner refuses at the first byte over the limit", () => {
  const scanner = new HeadScanner("request", { ...DEFAULT_HEAD_LIMITS, headBytes: 20 });
  const bytes = toBytes("GET / HTTP/1.1\r\nA: bcde");

  assertEquals(scanner.find(bytes, 0, 20), -1);
  const error = assertThrows(() => scanner.find(bytes, 0, 21), HttpParseError);
  assertEquals([error.status, error.reason], [431, "headers_too_large"]);
});

Deno.test("HeadScanner does not look at bytes twice", () => {
  const scanner = new HeadScanner("request", DEFAULT_HEAD_LIMITS);
  const bytes = new Uint8Array(1_000).fill(0x61);
  scanner.find(bytes, 0, 500);

  // An end of a head that was not there when these bytes were new.
  bytes.set(toBytes("\r\n\r\n"), 400);

  assertEquals(scanner.find(bytes, 0, 1_000), -1);
  scanner.reset();
  assertEquals(scanner.find(bytes, 0, 1_000), 404);
});
