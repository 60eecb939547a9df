import { assertEquals } from "@std/assert";
import { formatTable } from "../../lib/cli/table.ts";

Deno.test("formatTable() makes columns as wide as their widest cell, numbers to the right", () => {
  const lines = formatTable([["NAME", "left"], ["N", "right"], ["WHY", "left"]], [
    ["a", "1000", "because"],
    ["longer", "1", ""],
  ]);

  assertEquals(lines, [
    "NAME       N  WHY",
    "a       1000  because",
    "longer     1",
  ]);
});

Deno.test("formatTable() shows the titles of an empty table", () => {
  assertEquals(formatTable([["NAME", "left"], ["N", "right"]], []), ["NAME  N"]);
});
