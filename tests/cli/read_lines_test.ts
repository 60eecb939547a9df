import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../lib/cli/flags.ts";
import { readLines } from "../../lib/cli/read_lines.ts";
import { TempFolder } from "../support/paths.ts";

for (
  const [name, text, lines] of [
    ["no line", "", []],
    ["a line without an end", "a", ["a"]],
    ["lines", "a\nb\n", ["a", "b"]],
    ["empty lines", "\na\n\n", ["", "a", ""]],
    ["a long text", `${"ä".repeat(100_000)}\nb\n`, ["ä".repeat(100_000), "b"]],
  ] as const
) {
  Deno.test(`readLines() reads ${name}`, async () => {
    await using folder = await TempFolder.create();
    const path = await folder.write("lines", text);

    assertEquals([...readLines(path)], [...lines] as string[]);
  });
}

Deno.test("readLines() holds no more than a megabyte of a line", async () => {
  await using folder = await TempFolder.create();
  const path = await folder.write("lines", "x".repeat(3_000_000));

  const [line = ""] = readLines(path);

  assertEquals(line.length, 1024 * 1024);
});

Deno.test("readLines() closes the file when the reader has had enough", async () => {
  await using folder = await TempFolder.create();
  const path = await folder.write("lines", "a\nb\nc\n");

  // The sanitizer of the test sees a file that is left open.
  for (const line of readLines(path)) {
    assertEquals(line, "a");
    break;
  }
});

Deno.test("readLines() says which file it cannot read", async () => {
  await using folder = await TempFolder.create();

  for (const path of [`${folder.path}/none`, folder.path]) {
    const error = assertThrows(() => [...readLines(path)], UsageError);
    assertStringIncludes(error.message, `cannot read "${path}"`);
  }
});
