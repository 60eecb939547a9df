import { assert, assertEquals } from "@std/assert";
import { hashName } from "../../lib/http/field_names.ts";
import { writeRequestHead } from "../../lib/http/serialize.ts";
import {
  assertSplits,
  outcomeOf,
  parseRequest,
  readHead,
  summarisedRequest,
  summariseRequest,
  toBytes,
  toText,
} from "./codec.ts";
import { get, head, toCases } from "./head_case.ts";
import { CONNECTION_ROWS, REQUEST_FIELD_ROWS } from "./request_field_cases.ts";
import { HOST_ROWS, REQUEST_FRAMING_ROWS } from "./request_framing_cases.ts";
import { REQUEST_LINE_ROWS, TARGET_ROWS } from "./request_line_cases.ts";

const CASES = toCases([
  ...REQUEST_LINE_ROWS,
  ...TARGET_ROWS,
  ...REQUEST_FIELD_ROWS,
  ...CONNECTION_ROWS,
  ...REQUEST_FRAMING_ROWS,
  ...HOST_ROWS,
]);

Deno.test("request cases are many, and no two have one name", () => {
  assert(CASES.length >= 150);
  assertEquals(new Set(CASES.map(({ name }) => name)).size, CASES.length);
});

for (const { name, bytes, expected } of CASES) {
  Deno.test(`parseRequestHead() ${name}`, () => {
    const raw = toBytes(bytes);

    assertSplits(raw, expected, (ends) => readHead("request", raw, ends, summarisedRequest));
  });
}

for (const { name, bytes, expected } of CASES.filter((entry) => entry.expected.startsWith("ok"))) {
  Deno.test(`writeRequestHead() writes what was parsed when it ${name}`, () => {
    const into = new Uint8Array(65_536);
    const trimmed = toBytes(bytes.replace(/^(\r\n)+/, ""));
    const parsed = parseRequest(trimmed, 0, toText(trimmed).indexOf("\r\n\r\n") + 4);

    const end = writeRequestHead(into, 0, parsed);
    const again = outcomeOf(() => summarisedRequest(into, 0, end));

    // HTTP/1.0 is written as 1.1: what it says about the connection and Host is said anew by Weir.
    if (parsed.version === 11) assertEquals(again, expected);
    assert(/^([!-~]+ ){2}HTTP\/1\.1\r\n([!-~]+: ([!-~\x80-\xff].*)?\r\n)*\r\n$/.test(
      toText(into.subarray(0, end)),
    ));
  });
}

Deno.test("parseRequestHead() takes the target apart", () => {
  const origin = parseRequest(toBytes(head("GET /a/b?c=d?e HTTP/1.1", "Host: a")));
  const absolute = parseRequest(toBytes(head("GET http://A:80?c HTTP/1.1", "Host: a")));
  const server = parseRequest(toBytes(head("OPTIONS http://a HTTP/1.1", "Host: a")));

  assertEquals([origin.path, origin.query], ["/a/b", "c=d?e"]);
  assertEquals([absolute.path, absolute.query, absolute.authority], ["/", "c", "A:80"]);
  assertEquals([server.path, server.query], ["*", undefined]);
});

Deno.test("parseRequestHead() refuses a head that is cut anywhere", () => {
  const bytes = toBytes(get("A: b"));

  for (let end = 0; end < bytes.length; end++) {
    const outcome = outcomeOf(() => summarisedRequest(bytes, 0, end));
    assert(outcome.startsWith("400 bad_"), `cut at ${end}: ${outcome}`);
  }
});

Deno.test("parseRequestHead() keeps names and values as they were sent", () => {
  const { fields } = parseRequest(toBytes(get("x-ABC:  1\t 2 ", "Empty:", "X-Abc: \x80\xff")));

  assertEquals([...fields], [
    ["Host", "a"],
    ["x-ABC", "1\t 2"],
    ["Empty", ""],
    ["X-Abc", "\x80\xff"],
  ]);
});

Deno.test("parseRequestHead() reads a head in the middle of a buffer", () => {
  const before = toBytes("body of another\r\n\r\n");
  const bytes = toBytes(toText(before) + get("A: b") + "GET /next");

  const parsed = parseRequest(bytes, before.length, before.length + get("A: b").length);

  assertEquals(summariseRequest(parsed), "ok GET / origin a none keep");
  assertEquals(parsed.fields.get("a"), "b");
});

Deno.test("parseRequestHead() takes names with the hash of a known one for others", () => {
  // In base 31, "v*" adds up to the same as "th", and "v'" to the same as "te".
  const bytes = toBytes(get("Content-Lengv*: 7", "V': trailers"));
  assertEquals(hashName("content-lengv*"), hashName("content-length"));
  assertEquals(hashName("v'"), hashName("te"));

  const { fields, framing } = parseRequest(bytes);

  assertEquals(framing, { kind: "none" });
  assertEquals([fields.get("te"), fields.get("v'")], [undefined, "trailers"]);
});
