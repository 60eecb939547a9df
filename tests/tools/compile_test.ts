import { V8_FLAGS } from "../../tools/v8_flags.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { compileArgs, explainFailure, planBuilds, TARGETS } from "../../tools/compile.ts";

const HOST = "x86_64-unknown-linux-gnu";

Deno.test("planBuilds() builds for this machine when no target is named", () => {
  assertEquals(planBuilds([], HOST), [{ target: HOST, output: "dist/weir" }]);
  assertEquals(planBuilds(["--"], "x86_64-pc-windows-msvc"), [
    { target: "x86_64-pc-windows-msvc", output: "dist/weir.exe" },
  ]);
});

Deno.test("planBuilds() names each binary after its target", () => {
  const builds = planBuilds(
    ["--target", "aarch64-apple-darwin", "--target=x86_64-pc-windows-msvc"],
    HOST,
  );

  assertEquals(builds, [
    { target: "aarch64-apple-darwin", output: "dist/weir-aarch64-apple-darwin" },
    { target: "x86_64-pc-windows-msvc", output: "dist/weir-x86_64-pc-windows-msvc.exe" },
  ]);
});

Deno.test("planBuilds() builds every target with --all", () => {
  assertEquals(planBuilds(["--all"], HOST).map((build) => build.target), [...TARGETS]);
});

Deno.test("planBuilds() writes one binary to --output", () => {
  assertEquals(planBuilds(["--output", "out/w"], HOST), [{ target: HOST, output: "out/w" }]);
});

for (
  const args of [
    ["--target", "riscv64-unknown-linux-musl"],
    ["--all", "--output", "w"],
    ["--fast"],
    ["linux"],
  ]
) {
  Deno.test(`planBuilds() refuses ${args.join(" ")}`, () => {
    assertThrows(() => planBuilds(args, HOST), SyntaxError, "Cannot");
  });
}

Deno.test("compileArgs() bakes in the permissions, the worker and no prompt", () => {
  const args = compileArgs({ target: HOST, output: "dist/weir" });

  for (const flag of ["--no-prompt", "--allow-net", "--include=lib/runtime/worker.ts"]) {
    assertEquals(args.includes(flag), true, flag);
  }
  assertEquals(args.filter((arg) => arg.startsWith("--allow-run")), [
    "--allow-run=/usr/sbin/sysctl",
  ]);
  assertEquals(args.at(-1), "main.ts");
});

Deno.test("the task start gives the engine the same flags as a compiled binary", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );

  assertStringIncludes(tasks.start, V8_FLAGS);
  assertEquals(compileArgs({ target: HOST, output: "dist/weir" }).includes(V8_FLAGS), true);
});

Deno.test("explainFailure() says how to provide a base runtime that cannot be downloaded", () => {
  const archive = "https://downloads.example/release/v2.9.6/denort-x86_64-unknown-linux-gnu.zip";
  const text = explainFailure(
    HOST,
    `Download ${archive}\nerror: Writing\n\nCaused by:\n    0: Setting up base binary.\n    1: dns error\n`,
  );

  assertStringIncludes(text, "denort could not be downloaded");
  assertStringIncludes(text, archive);
  assertStringIncludes(text, "DENORT_BIN=");
});

Deno.test("explainFailure() passes other errors on without a stack trace", () => {
  const text = explainFailure(
    HOST,
    "error: Module not found\n\nStack backtrace:\n   0: <unknown>\n",
  );

  assertEquals(text, `Cannot compile for ${HOST}:\nerror: Module not found`);
});
