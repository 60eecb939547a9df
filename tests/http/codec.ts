import { assertEquals } from "@std/assert";
import { HeadScanner } from "../../lib/http/head_end.ts";
import { type DecodeLatin1, decodeLatin1 } from "../../lib/http/latin1.ts";
import { DEFAULT_HEAD_LIMITS } from "../../lib/http/limits.ts";
import { HttpParseError } from "../../lib/http/parse_error.ts";
import { parseRequestHead, type RequestHead } from "../../lib/http/request_head.ts";
import { parseResponseHead, type ResponseHead } from "../../lib/http/response_head.ts";
import type { Framing } from "../../lib/http/framing.ts";

/** One byte for each character of `text`. */
export function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One character for each byte. */
export function toText(bytes: Uint8Array): string {
  return decodeLatin1(bytes, 0, bytes.length);
}

/** The outcome of a parser that may refuse. */
export function outcomeOf(parse: () => string): string {
  try {
    return parse();
  } catch (error) {
    if (error instanceof HttpParseError) return `${error.status} ${error.reason}`;
    throw error;
  }
}

/** Reads one head of a stream that comes in pieces that end at `ends`. */
export function readHead(
  kind: "request" | "response",
  bytes: Uint8Array,
  ends: readonly number[],
  parse: (bytes: Uint8Array, start: number, end: number) => string,
): string {
  return outcomeOf(() => {
    const scanner = new HeadScanner(kind, DEFAULT_HEAD_LIMITS);
    for (const end of ends) {
      // What has not come yet must not be looked at.
      const received = bytes.slice(0, end);
      const headEnd = scanner.find(received, 0, end);
      if (headEnd !== -1) return parse(received, scanner.skippedBytes, headEnd);
    }
    return "incomplete";
  });
}

/** Parses and summarises a request. */
export function summarisedRequest(bytes: Uint8Array, start: number, end: number): string {
  return summariseRequest(parseRequest(bytes, start, end));
}

export function parseRequest(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  decode: DecodeLatin1 = decodeLatin1,
): RequestHead {
  return parseRequestHead(bytes, start, end, DEFAULT_HEAD_LIMITS, decode);
}

export function parseResponse(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  requestMethod = "GET",
): ResponseHead {
  return parseResponseHead(bytes, start, end, DEFAULT_HEAD_LIMITS, decodeLatin1, { requestMethod });
}

/** `ok METHOD target form host[:port] framing keep|close [options] upgrade=… expect`. */
export function summariseRequest(head: RequestHead): string {
  const host = head.port === undefined ? head.host : `${head.host}:${head.port}`;
  const parts = [
    `ok ${head.method} ${head.target} ${head.form} ${host === "" ? "-" : host}`,
    framingOf(head.framing),
    ...connectionOf(head),
  ];
  if (head.expectContinue) parts.push("expect");
  return parts.join(" ");
}

/** `ok status reason framing keep|close [options] upgrade=…`. */
export function summariseResponse(head: ResponseHead): string {
  const { status, reason } = head;
  return [`ok ${status} "${reason}"`, framingOf(head.framing), ...connectionOf(head)].join(" ");
}

function framingOf(framing: Framing): string {
  return framing.kind === "length" ? String(framing.length) : framing.kind;
}

function connectionOf(head: RequestHead | ResponseHead): string[] {
  const parts = [head.keepAlive ? "keep" : "close"];
  const known = head.connection.length === 1 &&
    ["close", "keep-alive"].includes(head.connection[0]!);
  if (head.connection.length > 0 && !known) parts.push(`[${head.connection.join(",")}]`);
  if (head.upgrade !== undefined) parts.push(`upgrade=${head.upgrade.join(",")}`);
  return parts;
}

/** Offsets at which a message is split: all of a short one, and a few hundred of a long one. */
export function splitOffsets(length: number): number[] {
  const step = length > 1_000 ? Math.floor(length / 200) : 1;
  const offsets: number[] = [];
  for (let at = 1; at < length; at += at < 100 || at > length - 100 ? 1 : step) offsets.push(at);
  return offsets;
}

/** Checks that no way to split `bytes` changes what `read` gives. */
export function assertSplits(
  bytes: Uint8Array,
  expected: string,
  read: (ends: readonly number[]) => string,
): void {
  const { length } = bytes;
  assertEquals(read([length]), expected, "whole");
  const offsets = splitOffsets(length);
  for (const at of offsets) assertEquals(read([at, length]), expected, `split at ${at}`);
  assertEquals(read([...offsets, length]), expected, "byte by byte");
}
