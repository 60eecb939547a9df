/** Cost of one message through the HTTP/1.1 codec; bytes per second = `bytes` in the name / time. */
import { Buffer } from "node:buffer";
import { ChunkedDecoder, type ChunkedOptions } from "../lib/http/chunked.ts";
import { writeChunkEnd, writeChunkHeader, writeLastChunk } from "../lib/http/chunk_writer.ts";
import { FieldList } from "../lib/http/fields.ts";
import { HeadScanner } from "../lib/http/head_end.ts";
import { removeHopByHop } from "../lib/http/hop_by_hop.ts";
import { type DecodeLatin1, decodeLatin1 } from "../lib/http/latin1.ts";
import { DEFAULT_CHUNK_LIMITS, DEFAULT_HEAD_LIMITS } from "../lib/http/limits.ts";
import { parseRequestHead } from "../lib/http/request_head.ts";
import { parseResponseHead } from "../lib/http/response_head.ts";
import { writeRequestHead, writeResponseHead } from "../lib/http/serialize.ts";

interface LatinSlice {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
}

const { latin1Slice } = Buffer.prototype as unknown as LatinSlice;
const decodeNative: DecodeLatin1 = (bytes, start, end) => latin1Slice.call(bytes, start, end);

const SHORT = toBytes([
  "GET / HTTP/1.1",
  "Host: 127.0.0.1:8080",
  "User-Agent: wrk",
]);
const BROWSER = toBytes([
  "GET /api/v1/items?id=42&sort=name HTTP/1.1",
  "Host: www.example.com",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language: en-US,en;q=0.5",
  "Accept-Encoding: gzip, deflate, br",
  "Connection: keep-alive",
  "Cookie: session=abcdef0123456789abcdef",
  "X-Requested-With: XMLHttpRequest",
]);
const LARGE = toBytes([
  "GET /large HTTP/1.1",
  "Host: www.example.com",
  ...Array.from({ length: 60 }, (_, i) => `X-Field-Number-${i}: ${"value ".repeat(12)}`),
]);
const ANSWER = toBytes([
  "HTTP/1.1 200 OK",
  "Server: nginx/1.26.0",
  "Date: Sun, 06 Nov 1994 08:49:37 GMT",
  "Content-Type: application/json; charset=utf-8",
  "Content-Length: 1234",
  "Connection: keep-alive",
  'ETag: "33a64df551425fcc55e4d42a148795d9f25f89d4"',
  "Cache-Control: no-cache",
]);
const OUT = new Uint8Array(65_536);
const CONTEXT = { requestMethod: "GET" };
const OPTIONS: ChunkedOptions = {
  side: "response",
  limits: DEFAULT_CHUNK_LIMITS,
  decode: decodeNative,
};

const requests = { "3 lines": SHORT, "9 lines": BROWSER, "62 lines": LARGE };
for (const [name, bytes] of Object.entries(requests)) {
  benchRequest(`${name}, ${bytes.length} B`, bytes);
}
benchResponse(ANSWER);
for (const sizeBytes of [100, 4_096, 65_536]) benchChunks(sizeBytes);

function benchRequest(name: string, bytes: Uint8Array): void {
  const scanner = new HeadScanner("request", DEFAULT_HEAD_LIMITS);
  const find = () => {
    scanner.reset();
    return scanner.find(bytes, 0, bytes.length);
  };
  const parse = (decode: DecodeLatin1) =>
    parseRequestHead(bytes, 0, bytes.length, DEFAULT_HEAD_LIMITS, decode);
  const parsed = parse(decodeNative);
  const group = `request head, ${name}`;
  Deno.bench({ name: `find its end, ${name}`, group, fn: () => void find() });
  Deno.bench({ name: `parse, ${name}`, group, fn: () => void parse(decodeNative) });
  Deno.bench({
    name: `parse, portable decoder, ${name}`,
    group,
    fn: () => void parse(decodeLatin1),
  });
  Deno.bench({
    name: `serialise, ${name}`,
    group,
    fn: () => void writeRequestHead(OUT, 0, parsed),
  });
  Deno.bench({
    name: `find, parse, edit and serialise, ${name}`,
    group,
    fn() {
      find();
      const head = parse(decodeNative);
      removeHopByHop(head.fields, head.connection);
      head.fields.append("X-Forwarded-For", "192.0.2.17");
      head.fields.append("X-Forwarded-Proto", "http");
      head.fields.append("Via", "1.1 weir");
      writeRequestHead(OUT, 0, head);
    },
  });
}

function benchResponse(bytes: Uint8Array): void {
  const group = "response head";
  const name = `8 lines, ${bytes.length} B`;
  const parse = () =>
    parseResponseHead(bytes, 0, bytes.length, DEFAULT_HEAD_LIMITS, decodeNative, CONTEXT);
  Deno.bench({ name: `parse response, ${name}`, group, fn: () => void parse() });
  Deno.bench({
    name: `parse, edit and serialise response, ${name}`,
    group,
    fn() {
      const head = parse();
      removeHopByHop(head.fields, head.connection);
      head.fields.append("Via", "1.1 weir");
      writeResponseHead(OUT, 0, head);
    },
  });
}

/** One MiB of body in chunks of that size. */
function benchChunks(sizeBytes: number): void {
  const body = createChunkedBody(sizeBytes);
  Deno.bench({
    name: `decode 1 MiB in chunks of ${sizeBytes} B`,
    group: "chunked body, 1 MiB",
    fn() {
      const decoder = new ChunkedDecoder(OPTIONS);
      for (let at = 0; at < body.length;) at = decoder.next(body, at, body.length).position;
    },
  });
  Deno.bench({
    name: `decode and frame anew 1 MiB in chunks of ${sizeBytes} B`,
    group: "chunked body, 1 MiB",
    fn: () => void reframe(body, new Uint8Array(2 * body.length)),
  });
}

function reframe(body: Uint8Array, into: Uint8Array): number {
  const decoder = new ChunkedDecoder(OPTIONS);
  let out = 0;
  for (let at = 0; at < body.length;) {
    const { dataStart, dataEnd, position } = decoder.next(body, at, body.length);
    at = position;
    if (dataEnd === dataStart) continue;
    out = writeChunkHeader(into, out, dataEnd - dataStart);
    into.set(body.subarray(dataStart, dataEnd), out);
    out = writeChunkEnd(into, out + dataEnd - dataStart);
  }
  return writeLastChunk(into, out, new FieldList());
}

function createChunkedBody(sizeBytes: number): Uint8Array {
  const into = new Uint8Array(2_000_000);
  let at = 0;
  for (let sent = 0; sent < 1_048_576; sent += sizeBytes) {
    at = writeChunkEnd(into, writeChunkHeader(into, at, sizeBytes) + sizeBytes);
  }
  return into.slice(0, writeLastChunk(into, at));
}

function toBytes(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n");
}
