import { assert, assertEquals, assertThrows } from "@std/assert";
import { createBodyDecoder } from "../../lib/http/body.ts";
import {
  MAX_CHUNK_HEADER_BYTES,
  writeChunkEnd,
  writeChunkHeader,
  writeLastChunk,
} from "../../lib/http/chunk_writer.ts";
import { ChunkedDecoder, type ChunkedOptions } from "../../lib/http/chunked.ts";
import { FieldList } from "../../lib/http/fields.ts";
import { decodeLatin1 } from "../../lib/http/latin1.ts";
import { DEFAULT_CHUNK_LIMITS } from "../../lib/http/limits.ts";
import { HttpParseError } from "../../lib/http/parse_error.ts";
import { CHUNKED_ROWS } from "./chunked_cases.ts";
import { assertSplits, outcomeOf, toBytes, toText } from "./codec.ts";

const OPTIONS: ChunkedOptions = {
  side: "request",
  limits: DEFAULT_CHUNK_LIMITS,
  decode: decodeLatin1,
};

/** Decodes pieces that end at `ends`, as a pump does: `data|trailers|rest`. */
function decodePieces(bytes: Uint8Array, ends: readonly number[]): string {
  const decoder = new ChunkedDecoder(OPTIONS);
  let data = "";
  let start = 0;
  for (const end of ends) {
    const received = bytes.slice(0, end);
    while (start < end && !decoder.done) {
      const step = decoder.next(received, start, end);
      data += toText(received.subarray(step.dataStart, step.dataEnd));
      assert(step.position > start, "a step takes at least one byte");
      assert(step.dataEnd <= step.position);
      assertEquals(step.done, decoder.done);
      start = step.position;
    }
  }
  if (!decoder.done) return `${data}… cut`;
  return `${data}|${decoder.trailers?.toText() ?? ""}|${toText(bytes.subarray(start))}`;
}

Deno.test("chunked cases are many", () => {
  assert(CHUNKED_ROWS.length >= 40);
});

for (const [name, bytes, expected] of CHUNKED_ROWS) {
  Deno.test(`ChunkedDecoder.next() ${name}`, () => {
    const raw = toBytes(bytes);

    assertSplits(raw, expected, (ends) => outcomeOf(() => decodePieces(raw, ends)));
  });
}

Deno.test("ChunkedDecoder.next() points at the data without copying it", () => {
  const bytes = toBytes("5\r\nhello\r\n5;a\r\nworld\r\n0\r\n\r\nnext");
  const decoder = new ChunkedDecoder(OPTIONS);

  const first = { ...decoder.next(bytes, 0, bytes.length) };
  const second = { ...decoder.next(bytes, first.position, bytes.length) };
  const last = { ...decoder.next(bytes, second.position, bytes.length) };

  assertEquals(first, { dataStart: 3, dataEnd: 8, position: 8, done: false });
  assertEquals(second, { dataStart: 15, dataEnd: 20, position: 20, done: false });
  assertEquals([last.dataStart, last.position, last.done], [last.dataEnd, 27, true]);
});

Deno.test("ChunkedDecoder.next() takes nothing after the end", () => {
  const bytes = toBytes("0\r\n\r\nnext");
  const decoder = new ChunkedDecoder(OPTIONS);
  decoder.next(bytes, 0, bytes.length);

  const step = decoder.next(bytes, 5, bytes.length);

  assertEquals({ ...step }, { dataStart: 5, dataEnd: 5, position: 5, done: true });
});

Deno.test("ChunkedDecoder.next() blames the backend for a bad answer", () => {
  const decoder = new ChunkedDecoder({ ...OPTIONS, side: "response" });

  const error = assertThrows(() => decoder.next(toBytes("x"), 0, 1), HttpParseError);

  assertEquals([error.status, error.reason], [502, "bad_chunk"]);
  assertEquals(error.message, "Cannot parse HTTP message: chunk size is missing or no number");
});

Deno.test("writeChunkHeader() writes sizes that the decoder reads", () => {
  const into = new Uint8Array(64);
  for (const size of [1, 9, 10, 15, 16, 255, 256, 65_535, 2 ** 31, 2 ** 32, 2 ** 53 - 1]) {
    const end = writeChunkHeader(into, 3, size);

    assertEquals(toText(into.subarray(3, end)), `${size.toString(16)}\r\n`);
    assert(end - 3 <= MAX_CHUNK_HEADER_BYTES);
  }
});

Deno.test("writeChunkHeader() refuses sizes that would end or break the body", () => {
  for (const size of [0, -1, 1.5, 2 ** 53, NaN, Infinity]) {
    assertThrows(() => writeChunkHeader(new Uint8Array(64), 0, size), RangeError);
  }
});

Deno.test("chunk writers say when there is no room", () => {
  assertEquals(writeChunkHeader(new Uint8Array(15), 0, 5), -1);
  assertEquals(writeChunkEnd(new Uint8Array(3), 2), -1);
  assertEquals(writeLastChunk(new Uint8Array(4), 0), -1);
});

Deno.test("writeLastChunk() writes the trailers", () => {
  const into = new Uint8Array(64);
  const trailers = new FieldList();
  trailers.append("X-A", "b");

  assertEquals(toText(into.subarray(0, writeLastChunk(into, 0))), "0\r\n\r\n");
  const end = writeLastChunk(into, 0, trailers);
  assertEquals(toText(into.subarray(0, end)), "0\r\nX-A: b\r\n\r\n");
});

Deno.test("createBodyDecoder() counts a length down", () => {
  const decoder = createBodyDecoder({ kind: "length", length: 5 }, OPTIONS);
  const bytes = toBytes("hello next");

  const first = { ...decoder.next(bytes, 0, 3) };
  const last = { ...decoder.next(bytes, 3, 10) };

  assertEquals(first, { dataStart: 0, dataEnd: 3, position: 3, done: false });
  assertEquals(last, { dataStart: 3, dataEnd: 5, position: 5, done: true });
  assertEquals([decoder.done, decoder.endsAtClose], [true, false]);
});

Deno.test("createBodyDecoder() takes nothing of no body", () => {
  const decoder = createBodyDecoder({ kind: "none" }, OPTIONS);

  assert(decoder.done);
  assertEquals(decoder.next(toBytes("next"), 0, 4).position, 0);
});

Deno.test("createBodyDecoder() takes everything until the end of the connection", () => {
  const decoder = createBodyDecoder({ kind: "until_close" }, OPTIONS);

  const step = decoder.next(toBytes("abc"), 1, 3);

  assertEquals({ ...step }, { dataStart: 1, dataEnd: 3, position: 3, done: false });
  assertEquals([decoder.done, decoder.endsAtClose], [false, true]);
});

Deno.test("createBodyDecoder() reads chunks", () => {
  const decoder = createBodyDecoder({ kind: "chunked" }, OPTIONS);

  assertEquals(decoder.next(toBytes("0\r\n\r\n"), 0, 5).done, true);
});
