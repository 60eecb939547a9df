import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MAX_FILE_BYTES, systemEnvironment } from "../../lib/config/files.ts";
import { formatProblem, loadConfig } from "../../lib/config/load.ts";
import { MINIMAL } from "./support.ts";

/** Runs `body` with a directory that is removed afterwards. */
async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function problemsOfFile(path: string): Promise<string[]> {
  const result = await loadConfig(path, systemEnvironment());
  return result.ok ? [] : result.problems.map(formatProblem);
}

Deno.test("loadConfig() reads a file and those it includes from the disk", async () => {
  await withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/conf.d`);
    await Deno.writeTextFile(`${directory}/weir.yaml`, `include: [conf.d/*.yaml]\n${MINIMAL}`);
    await Deno.writeTextFile(`${directory}/conf.d/a.yaml`, "listeners: []\n");

    const result = await loadConfig(`${directory}/weir.yaml`, systemEnvironment());

    assert(result.ok);
    assertEquals(result.files, [`${directory}/weir.yaml`, `${directory}/conf.d/a.yaml`]);
    assertEquals(result.config.workers, navigator.hardwareConcurrency);
  });
});

Deno.test("loadConfig() says which file is missing and how to write one", async () => {
  const [problem = ""] = await problemsOfFile("/nowhere/weir.yaml");

  assertStringIncludes(problem, "/nowhere/weir.yaml: file does not exist: write one with");
});

Deno.test("loadConfig() refuses a directory", async () => {
  await withDirectory(async (directory) => {
    assertEquals(await problemsOfFile(directory), [
      `${directory}: must be a file: it is a directory`,
    ]);
  });
});

Deno.test("loadConfig() says where a file is not UTF-8", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/weir.yaml`;
    const bad: readonly [bytes: number[], place: string][] = [
      [[0xff], "byte 0xff at offset 0, line 1"],
      [[0x61, 0x0a, 0x62, 0xc3, 0x28], "byte 0x28 at offset 4, line 2"],
      [[0x0a, 0x0a, 0xed, 0xa0, 0x80], "byte 0xa0 at offset 3, line 3"],
      [[0x61, 0xe2, 0x82], "byte 0x82 at offset 2, line 1"],
    ];
    for (const [bytes, place] of bad) {
      await Deno.writeFile(path, new Uint8Array(bytes));
      assertEquals(await problemsOfFile(path), [`${path}: file must be UTF-8 text: ${place}`]);
    }
  });
});

Deno.test("loadConfig() refuses a file that never ends", async () => {
  assertEquals(await problemsOfFile("/dev/zero"), [
    `/dev/zero: file must be at most ${MAX_FILE_BYTES / 1024 / 1024} MiB`,
  ]);
});

Deno.test("loadConfig() refuses paths that no file can have", async () => {
  for (const path of ["", "a\0b", "x".repeat(5000)]) {
    assertEquals((await problemsOfFile(path)).length, 1);
  }
});
