import { assert, assertEquals } from "@std/assert";
import { writeResponseHead } from "../../lib/http/serialize.ts";
import {
  assertSplits,
  parseResponse,
  readHead,
  summariseResponse,
  toBytes,
  toText,
} from "./codec.ts";
import { head, ok200 } from "./head_case.ts";
import { RESPONSE_FRAMING_ROWS, STATUS_LINE_ROWS } from "./response_cases.ts";

const ROWS = [...STATUS_LINE_ROWS, ...RESPONSE_FRAMING_ROWS];

Deno.test("response cases are many", () => {
  assert(ROWS.length >= 60);
});

for (const [name, bytes, expected, method = "GET"] of ROWS) {
  Deno.test(`parseResponseHead() ${name}`, () => {
    const raw = toBytes(bytes);

    assertSplits(
      raw,
      expected,
      (ends) =>
        readHead(
          "response",
          raw,
          ends,
          (received, start, end) => summariseResponse(parseResponse(received, start, end, method)),
        ),
    );
  });
}

for (const [name, bytes, expected, method = "GET"] of ROWS) {
  if (!expected.startsWith("ok")) continue;
  Deno.test(`writeResponseHead() writes what was parsed when it ${name}`, () => {
    const into = new Uint8Array(65_536);
    const parsed = parseResponse(toBytes(bytes), 0, bytes.indexOf("\r\n\r\n") + 4, method);

    const end = writeResponseHead(into, 0, { ...parsed, framing: parsed.framing });
    const again = parseResponse(into, 0, end, method);

    assertEquals(again.framing, parsed.framing);
    assertEquals([again.status, again.reason], [parsed.status, parsed.reason]);
    assert(toText(into.subarray(0, end)).startsWith("HTTP/1.1 "));
  });
}

Deno.test("parseResponseHead() tells the length that an answer to HEAD states", () => {
  const parsed = parseResponse(toBytes(ok200("Content-Length: 5")), 0, undefined, "HEAD");

  assertEquals([parsed.framing, parsed.stated], [{ kind: "none" }, { kind: "length", length: 5 }]);
});

Deno.test("parseResponseHead() tells no length when none is stated", () => {
  assertEquals(parseResponse(toBytes(head("HTTP/1.1 304 X"))).stated, { kind: "none" });
});
