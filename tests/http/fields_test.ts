import { assertEquals, assertThrows } from "@std/assert";
import { FieldList } from "../../lib/http/fields.ts";
import {
  acceptsTrailers,
  isKeptFromConnection,
  removeHopByHop,
} from "../../lib/http/hop_by_hop.ts";
import { parseRequest, toBytes } from "./codec.ts";
import { get } from "./head_case.ts";

function fieldsOf(...lines: readonly string[]): FieldList {
  return parseRequest(toBytes(get(...lines))).fields;
}

Deno.test("FieldList finds fields by their names in lower case", () => {
  const fields = fieldsOf("X-A: 1", "x-a: 2", "X-B: 3");

  assertEquals(fields.get("x-a"), "1");
  assertEquals(fields.getAll("x-a"), ["1", "2"]);
  assertEquals([fields.has("x-b"), fields.has("x-c")], [true, false]);
  assertEquals([fields.get("x-c"), fields.getAll("x-c")], [undefined, []]);
  assertEquals(fields.count, 4);
});

Deno.test("FieldList.delete() takes out every field of that name", () => {
  const fields = fieldsOf("A: 1", "B: 2", "a: 3", "C: 4");

  fields.delete("a");
  fields.delete("unknown");

  assertEquals(fields.toText(), "Host: a\r\nB: 2\r\nC: 4\r\n");
});

Deno.test("FieldList.set() replaces in place and takes out the others", () => {
  const fields = fieldsOf("A: 1", "B: 2", "a: 3", "C: 4");

  fields.set("a", "new");
  fields.set("D", "5");

  assertEquals(fields.toText(), "Host: a\r\na: new\r\nB: 2\r\nC: 4\r\nD: 5\r\n");
});

Deno.test("FieldList.append() keeps what is there", () => {
  const fields = fieldsOf("Via: 1.0 x");

  fields.append("Via", "1.1 weir");
  fields.append("Empty", "");

  assertEquals(fields.getAll("via"), ["1.0 x", "1.1 weir"]);
  assertEquals(fields.toText(), "Host: a\r\nVia: 1.0 x\r\nVia: 1.1 weir\r\nEmpty: \r\n");
});

Deno.test("FieldList refuses names and values that would split the message", () => {
  const fields = new FieldList();
  for (const value of ["a\rb", "a\nb", "a\0b", "a\x7f", "a\r\nB: c", "\u0100", "\u560a\u560d"]) {
    assertThrows(() => fields.append("A", value), TypeError);
    assertThrows(() => fields.set("A", value), TypeError);
  }
  for (const name of ["", "A B", "A:", "A\r\n", "\xe9", "\u0130", "\u212a"]) {
    assertThrows(() => fields.append(name, "a"), TypeError);
    assertThrows(() => fields.set(name, "a"), TypeError);
  }
  assertEquals(fields.count, 0);
});

Deno.test("FieldList.clone() is a list of its own", () => {
  const fields = fieldsOf("A: 1");

  const copy = fields.clone();
  copy.delete("a");
  copy.append("B", "2");

  assertEquals(fields.toText(), "Host: a\r\nA: 1\r\n");
  assertEquals(copy.toText(), "Host: a\r\nB: 2\r\n");
});

Deno.test("FieldList.toText() leaves framing fields out", () => {
  const fields = fieldsOf("Content-Length: 5", "A: 1", "B:2", "C: 3 ", "D: 4");
  fields.append("Transfer-Encoding", "chunked");

  assertEquals(fields.toText(), "Host: a\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n");
});

Deno.test("FieldList.valueAt() refuses an index that is none", () => {
  assertThrows(() => new FieldList().valueAt(0), RangeError);
});

Deno.test("removeHopByHop() takes out what ends at this hop", () => {
  const fields = fieldsOf(
    "Connection: close, X-Own",
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "TE: trailers",
    "Transfer-Encoding: chunked",
    "Upgrade: h2c",
    "HTTP2-Settings: x",
    "x-own: secret",
    "Trailer: X-T",
    "Proxy-Authorization: Basic x",
    "A: b",
  );

  removeHopByHop(fields, ["close", "x-own"]);

  assertEquals(
    fields.toText(),
    "Host: a\r\nTrailer: X-T\r\nProxy-Authorization: Basic x\r\nA: b\r\n",
  );
});

Deno.test("removeHopByHop() keeps what Weir sets or needs, whatever Connection lists", () => {
  const names = ["Host", "X-Forwarded-For", "X-Forwarded-Port", "Forwarded", "Via", "X-Request-Id"];
  const fields = new FieldList();
  for (const name of [...names, "Content-Type", "X-Weir-Reason"]) fields.append(name, "x");
  const before = fields.toText();

  removeHopByHop(fields, [...fields].map(([name]) => name.toLowerCase()));

  assertEquals(fields.toText(), before);
  assertEquals([isKeptFromConnection("content-length"), isKeptFromConnection("cookie")], [
    true,
    false,
  ]);
});

Deno.test("acceptsTrailers() looks for one word", () => {
  assertEquals(acceptsTrailers(fieldsOf("TE: gzip;q=0.5, Trailers")), true);
  assertEquals(acceptsTrailers(fieldsOf("TE: gzip")), false);
  assertEquals(acceptsTrailers(fieldsOf()), false);
});
