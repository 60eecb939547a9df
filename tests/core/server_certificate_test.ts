import { assertEquals, assertThrows } from "@std/assert";
import { CertificateTable, coversName } from "../../lib/core/server_certificate.ts";

function certificate(...names: string[]) {
  return { names, cert: names.join(), key: "" };
}

const table = new CertificateTable([
  certificate("first.test"),
  certificate("*.wild.test", "wild.test"),
  certificate("a.wild.test"),
  certificate("a.wild.test", "*.wild.test"),
]);

for (
  const [name, shown] of [
    ["a.wild.test", "a.wild.test"],
    ["A.Wild.Test", "a.wild.test"],
    ["b.wild.test", "*.wild.test,wild.test"],
    ["wild.test", "*.wild.test,wild.test"],
    ["b.a.wild.test", "first.test"],
    ["nobody.test", "first.test"],
    ["nodots", "first.test"],
    ["", "first.test"],
    ["constructor", "first.test"],
  ] as const
) {
  Deno.test(`CertificateTable.find("${name}") is that of ${shown}`, () => {
    assertEquals(table.find(name).cert, shown);
  });
}

Deno.test("CertificateTable needs a certificate", () => {
  assertThrows(() => new CertificateTable([]), RangeError);
});

Deno.test("coversName() lets a wildcard stand for one label", () => {
  assertEquals(coversName("*.a.test", "x.a.test"), true);
  assertEquals(coversName("*.a.test", "*.a.test"), true);
  assertEquals(coversName("*.a.test", "y.x.a.test"), false);
  assertEquals(coversName("*.a.test", "a.test"), false);
  assertEquals(coversName("*.test", "*.a.test"), false);
});
