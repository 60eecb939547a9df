import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ChunkedDecoder, type ChunkedOptions } from "../../lib/http/chunked.ts";
import { writeChunkEnd, writeChunkHeader, writeLastChunk } from "../../lib/http/chunk_writer.ts";
import { findHeadEnd } from "../../lib/http/head_end.ts";
import { decodeLatin1 } from "../../lib/http/latin1.ts";
import { DEFAULT_CHUNK_LIMITS } from "../../lib/http/limits.ts";
import { writeRequestHead, writeResponseHead } from "../../lib/http/serialize.ts";
import {
  outcomeOf,
  parseRequest,
  parseResponse,
  readHead,
  summarisedRequest,
  summariseRequest,
  summariseResponse,
  toBytes,
  toText,
} from "./codec.ts";
import { head } from "./head_case.ts";
import { REQUEST_FRAMING_ROWS } from "./request_framing_cases.ts";
import { REQUEST_LINE_ROWS } from "./request_line_cases.ts";

const SEEDED = { seed: 20_260_921, numRuns: 500 };
const MANY = { seed: 20_260_921, numRuns: 5_000 };
const OPTIONS: ChunkedOptions = {
  side: "request",
  limits: DEFAULT_CHUNK_LIMITS,
  decode: decodeLatin1,
};

const TOKEN_CHARS = [
  ..."!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
];
const VALUE_CHARS = [
  ..." \t",
  ...Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)),
  ...Array.from({ length: 128 }, (_, i) => String.fromCharCode(0x80 + i)),
];
const TARGET_CHARS = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i))
  .filter((character) => character !== "#");

const token = fc.string({ unit: fc.constantFrom(...TOKEN_CHARS), minLength: 1, maxLength: 20 });
const value = fc.string({ unit: fc.constantFrom(...VALUE_CHARS), maxLength: 60 });
const space = fc.string({ unit: fc.constantFrom(" ", "\t"), maxLength: 3 });
const target = fc.string({ unit: fc.constantFrom(...TARGET_CHARS), maxLength: 40 })
  .map((text) => `/${text}`);
const line = fc.tuple(token.map((name) => `X-${name}`), space, value, space)
  .map(([name, before, text, after]) => `${name}:${before}${text}${after}`);
const framing = fc.oneof(
  fc.constant([]),
  fc.maxSafeNat().map((length) => [`Content-Length: ${length}`]),
  fc.constantFrom("chunked", "Chunked").map((coding) => [`Transfer-Encoding: ${coding}`]),
);
const request = fc.tuple(token, target, fc.array(line, { maxLength: 20 }), framing)
  .filter(([method]) => method !== "CONNECT")
  .map(([method, path, lines, framed]) =>
    head(`${method} ${path} HTTP/1.1`, "Host: Example.com:81", ...lines, ...framed)
  );
const response = fc.tuple(fc.integer({ min: 100, max: 599 }), value, fc.array(line), framing)
  .map(([status, reason, lines, framed]) =>
    head(`HTTP/1.1 ${status} ${reason}`, ...lines, ...framed)
  );
/** Bytes that parsers trip over are more likely than others. */
const nasty = fc.oneof(
  fc.constantFrom(0, 9, 10, 13, 32, 35, 44, 58, 59, 0x7f, 0x80, 0xa0, 0xff, 0x30, 0x5d),
  fc.integer({ min: 0, max: 255 }),
);
const seedText = fc.constantFrom(
  ...[...REQUEST_FRAMING_ROWS, ...REQUEST_LINE_ROWS].map(([, bytes]) => bytes)
    .filter((bytes) => bytes.length < 500),
);
const mutation = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("replace", "insert", "delete", "double"),
  byte: nasty,
});

Deno.test("A request that is parsed, written and parsed again is the same", () => {
  fc.assert(
    fc.property(request, (text) => {
      const into = new Uint8Array(65_536);
      const first = parseRequest(toBytes(text));
      const firstEnd = writeRequestHead(into, 0, first);
      const written = toText(into.subarray(0, firstEnd));
      const second = parseRequest(into, 0, firstEnd);
      const secondEnd = writeRequestHead(into, firstEnd, second);

      assertEquals(summariseRequest(second), summariseRequest(first));
      assertEquals([...second.fields].filter(isNotFraming), [...first.fields].filter(isNotFraming));
      assertEquals(toText(into.subarray(firstEnd, secondEnd)), written);
    }),
    SEEDED,
  );
});

Deno.test("An answer that is parsed, written and parsed again is the same", () => {
  fc.assert(
    fc.property(response, (text) => {
      const into = new Uint8Array(65_536);
      const first = parseResponse(toBytes(text));
      // What a status without a body states is not sent on: those are Weir's own rules.
      const end = writeResponseHead(into, 0, { ...first, framing: first.stated });
      const second = parseResponse(into, 0, end);

      assertEquals(summariseResponse(second), summariseResponse(first));
      assertEquals([...second.fields].filter(isNotFraming), [...first.fields].filter(isNotFraming));
    }),
    SEEDED,
  );
});

Deno.test("Any split of any request gives the same outcome", () => {
  const cuts = fc.array(fc.nat(), { maxLength: 6 });
  fc.assert(
    fc.property(fc.oneof(request, mutated(seedText)), cuts, (text, offsets) => {
      const bytes = toBytes(text);
      const ends = [...offsets.map((at) => at % (bytes.length + 1)), bytes.length];
      ends.sort((a, b) => a - b);

      assertEquals(
        readHead("request", bytes, ends, summarisedRequest),
        readHead("request", bytes, [bytes.length], summarisedRequest),
      );
    }),
    SEEDED,
  );
});

Deno.test("No mutated or random request throws anything but a parse error", () => {
  const noise = fc.array(nasty, { maxLength: 200 }).map(textOf);
  fc.assert(
    fc.property(fc.oneof(mutated(seedText), mutated(request), noise), (text) => {
      const bytes = toBytes(text);
      const outcome = readHead("request", bytes, [bytes.length], summarisedRequest);
      const forced = outcomeOf(() => summarisedRequest(bytes, 0, bytes.length));

      assert(/^(ok |4\d\d |50[15] |incomplete)/.test(outcome));
      assert(/^(ok |4\d\d |50[15] )/.test(forced));
    }),
    MANY,
  );
});

Deno.test("No mutated request that is taken reads otherwise after it is written", () => {
  fc.assert(
    fc.property(fc.oneof(mutated(seedText), mutated(request)), (text) => {
      const bytes = toBytes(text);
      readHead("request", bytes, [bytes.length], (received, start, end) => {
        const first = parseRequest(received, start, end);
        const into = new Uint8Array(8_192);
        const written = toText(into.subarray(0, writeRequestHead(into, 0, first)));

        // Each line ends in CRLF, no line is folded, and there is one way at most to frame it.
        assert(
          /^[!-~]+ [!-~]+ HTTP\/1\.1\r\n([!-9;-~]+: [\t -~\x80-\xff]*\r\n)*\r\n$/.test(written),
        );
        const framings = written.match(/\r\n(content-length|transfer-encoding):/gi) ?? [];
        assertEquals(framings.length, first.framing.kind === "none" ? 0 : 1);
        return "ok";
      });
    }),
    MANY,
  );
});

Deno.test("No mutated or random answer throws anything but a parse error with status 502", () => {
  const noise = fc.array(nasty, { maxLength: 100 }).map((bytes) => `HTTP/1.1 200${textOf(bytes)}`);
  fc.assert(
    fc.property(fc.oneof(mutated(response), noise), (text) => {
      const bytes = toBytes(text);
      const outcome = readHead(
        "response",
        bytes,
        [bytes.length],
        (received, start, end) => summariseResponse(parseResponse(received, start, end)),
      );

      assert(/^(ok |502 |incomplete)/.test(outcome));
    }),
    MANY,
  );
});

Deno.test("findHeadEnd() agrees with a plain search", () => {
  const texts = fc.string({ unit: fc.constantFrom("\r", "\n", "a"), maxLength: 30 });
  fc.assert(
    fc.property(texts, (text) => {
      const match = /\n\r?\n/.exec(text);
      const found = findHeadEnd(toBytes(text), 0, text.length);

      assertEquals(found === -1, match === null);
      // The parser refuses whatever has a bare LF, so only the end of a proper head is exact.
      if (match !== null && !/(^|[^\r])\n/.test(text)) {
        assertEquals(found, match.index + match[0].length);
      }
    }),
    MANY,
  );
});

Deno.test("Any body in any chunks, split anywhere, is read as it was written", () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(chunks, fc.array(fc.nat(), { maxLength: 8 }), (parts, offsets) => {
      const { bytes, end } = writeChunks(parts);
      const ends = [...offsets.map((at) => at % end), end].sort((a, b) => a - b);

      assertEquals(readChunks(bytes, ends), parts.map(toText).join(""));
    }),
    SEEDED,
  );
});

Deno.test("No mutated or random chunked body throws anything but a parse error, or hangs", () => {
  const body = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 5 })
    .map((parts) => writeChunks(parts)).map(({ bytes, end }) => toText(bytes.subarray(0, end)));
  const noise = fc.array(nasty, { maxLength: 60 }).map(textOf);
  fc.assert(
    fc.property(fc.oneof(mutated(body), noise), fc.nat(), (text, cut) => {
      const bytes = toBytes(text);
      const whole = outcomeOf(() => readChunks(bytes, [bytes.length]));
      const split = outcomeOf(() => readChunks(bytes, [cut % (bytes.length + 1), bytes.length]));

      assertEquals(split, whole);
    }),
    MANY,
  );
});

function mutated(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(texts, fc.array(mutation, { minLength: 1, maxLength: 4 }))
    .map(([text, mutations]) => mutations.reduce(mutate, text));
}

function mutate(
  text: string,
  { at, kind, byte }: { at: number; kind: string; byte: number },
): string {
  const index = at % (text.length + 1);
  const [before, after] = [text.slice(0, index), text.slice(index)];
  const character = String.fromCharCode(byte);
  if (kind === "insert") return before + character + after;
  if (kind === "delete") return before + after.slice(1);
  if (kind === "double") return before + after.slice(0, 8) + after;
  return before + character + after.slice(1);
}

function textOf(bytes: readonly number[]): string {
  return String.fromCharCode(...bytes);
}

function isNotFraming([name]: readonly [string, string]): boolean {
  return !/^(content-length|transfer-encoding)$/i.test(name);
}

function writeChunks(parts: readonly Uint8Array[]): { bytes: Uint8Array; end: number } {
  const bytes = new Uint8Array(1_024);
  let end = 0;
  for (const part of parts) {
    end = writeChunkHeader(bytes, end, part.length);
    bytes.set(part, end);
    end = writeChunkEnd(bytes, end + part.length);
  }
  return { bytes, end: writeLastChunk(bytes, end) };
}

function readChunks(bytes: Uint8Array, ends: readonly number[]): string {
  const decoder = new ChunkedDecoder(OPTIONS);
  let data = "";
  let start = 0;
  for (const end of ends) {
    while (start < end && !decoder.done) {
      const step = decoder.next(bytes, start, end);
      assert(step.position > start);
      data += toText(bytes.subarray(step.dataStart, step.dataEnd));
      start = step.position;
    }
  }
  return data;
}
