import { V8_FLAGS } from "../../tools/v8_flags.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { findReferences } from "../../tools/bundle.ts";
import {
  compileArgs,
  explainFailure,
  PERMISSIONS,
  planBuilds,
  TARGETS,
} from "../../tools/compile.ts";

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

Deno.test("compileArgs() embeds the folder of the bundle, with the permissions and no prompt", () => {
  const args = compileArgs({ target: HOST, output: "dist/weir" }, "/weir/");

  assertEquals(args.filter((arg) => PERMISSIONS.includes(arg)), [...PERMISSIONS]);
  assertEquals(args.filter((arg) => arg.startsWith("--allow-run")), [
    "--allow-run=/usr/sbin/sysctl",
  ]);
  assertEquals(args.slice(-5), [
    "--include=.",
    "--exclude=deno.json",
    `--target=${HOST}`,
    "--output=/weir/dist/weir",
    "main.js",
  ]);
});

Deno.test("findReferences() finds what code asks for beside itself", () => {
  const text = `new Worker(new URL("./worker.ts", import.meta.url), {});
const page = new URL(
  "./dashboard/index.html", import.meta.url);
new URL("https://example.com/", import.meta.url);`;

  assertEquals(findReferences("lib/runtime/start_thread.ts", text), [
    { path: "worker.ts", source: "lib/runtime/worker.ts" },
    { path: "dashboard/index.html", source: "lib/runtime/dashboard/index.html" },
  ]);
});

Deno.test("the task start gives the engine the same flags as a compiled binary", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );

  assertStringIncludes(tasks.start, V8_FLAGS);
  assertEquals(compileArgs({ target: HOST, output: "dist/weir" }, "/").includes(V8_FLAGS), true);
});

Deno.test("explainFailure() says how to provide a base runtime that cannot be downloaded", () => {
  const archive = "https://downloads.example/release/v2.9.6/denort-x86_64-unknown-linux-gnu.zip";
  const text = explainFailure(
    HOST,
    `Download ${archive}\nerror: Writing\n\nCaused by:\n    0: Setting up base binary.\n    1: dns error\n`,
  );

  assertEquals(
    text,
    `Cannot compile for ${HOST}: the base runtime denort could not be downloaded from
  ${archive}
Fetch and unpack that file where there is a network, then name the denort inside it:
  DENORT_BIN=/path/to/denort deno task compile --target ${HOST}`,
  );
});

Deno.test("explainFailure() passes other errors on without a stack trace", () => {
  const text = explainFailure(
    HOST,
    "error: Module not found\n\nStack backtrace:\n   0: <unknown>\n",
  );

  assertEquals(text, `Cannot compile for ${HOST}:\nerror: Module not found`);
});
