import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { formatProblem, formatProblems, type Problem } from "../../lib/config/load.ts";
import { loadText, MINIMAL, problemsOf } from "./support.ts";

Deno.test("loadConfig() reports listeners that share an address, under any spelling", async () => {
  for (const [first, second] of [[":80", "[::]:80"], ["0.0.0.0:80", ":80"], ["a:80", "A:80"]]) {
    const text = MINIMAL.replace(
      /listeners:[^]*upstreams/,
      `listeners:\n  - { address: "${first}", upstream: app, name: a }\n` +
        `  - { address: "${second}", upstream: app, name: b }\nupstreams`,
    );

    const expected =
      "weir.yaml:3:16: listeners[1].address: must differ from every other listener: " +
      `current value is "${second}", first at weir.yaml:2:16`;
    assertEquals(await problemsOf(text), [expected]);
  }
});

Deno.test("loadConfig() reports listeners that share a name", async () => {
  const text = MINIMAL.replace(
    /listeners:[^]*upstreams/,
    `listeners:\n  - { address: ":1", upstream: app }\n` +
      `  - { address: ":2", upstream: app, name: ":1" }\nupstreams`,
  );

  assertEquals(await problemsOf(text), [
    "weir.yaml:3:43: listeners[1].name: name must differ from every other listener: " +
    `current value is ":1", first at weir.yaml:2:16`,
  ]);
});

Deno.test("loadConfig() reports backends that are the same server or share a name", async () => {
  const text = MINIMAL + `      - { address: "127.0.0.1:8081" }
      - { address: "a:1", name: x }
      - { address: "b:1", name: x }
`;

  const wanted = "must differ from every other backend of the upstream: current value is";
  assertEquals(await problemsOf(text), [
    `weir.yaml:8:20: upstreams.app.backends[1].address: ${wanted} "127.0.0.1:8081", first at weir.yaml:7:18`,
    `weir.yaml:10:33: upstreams.app.backends[3].name: ${wanted} "x", first at weir.yaml:9:33`,
  ]);
});

Deno.test("loadConfig() reports mistakes of every kind in one go, in the order of the text", async () => {
  const text = `workers: 0
admin: { address: 127.0.0.1:9090, address: 127.0.0.1:9091 }
listeners: [{ address: ":1", upstream: nope, "colour": red }]
upstreams:
  app:
    backends: [{ address: "\${UNSET}:1", weight: x }]
    algorithm: fastest
    backends: [{ address: "\${UNSET}:1", weight: x }]
`;

  const problems = await problemsOf(text);

  assertEquals(problems.map((line) => line.split(": ").slice(0, 2).join(" ")), [
    "weir.yaml:1:10 workers",
    "weir.yaml:2:35 admin.address",
    "weir.yaml:3:40 listeners[0].upstream",
    "weir.yaml:3:46 listeners[0].colour",
    "weir.yaml:7:16 upstreams.app.algorithm",
    "weir.yaml:8:5 upstreams.app.backends",
    "weir.yaml:8:27 upstreams.app.backends[0].address",
    "weir.yaml:8:27 upstreams.app.backends[0].address",
    "weir.yaml:8:49 upstreams.app.backends[0].weight",
  ]);
});

Deno.test("loadConfig() lists every duplicate key with the place of the first", async () => {
  const text = `${MINIMAL}        "address": "b:1"\n    backends: []\nworkers: 1\nworkers: 2\n`;

  const problems = await problemsOf(text);

  assertEquals(problems.filter((line) => line.includes("duplicate key")), [
    `weir.yaml:8:9: upstreams.app.backends[0].address: duplicate key "address", first at weir.yaml:7:9`,
    `weir.yaml:9:5: upstreams.app.backends: duplicate key "backends", first at weir.yaml:6:5`,
    `weir.yaml:11:1: workers: duplicate key "workers", first at weir.yaml:10:1`,
  ]);
});

Deno.test("loadConfig() cuts long current values short", async () => {
  const [line = ""] = await problemsOf(`workers: [${"12345, ".repeat(1000)}0]\n${MINIMAL}`);

  assertStringIncludes(line, "current value is [12345,12345,");
  assert(line.length < 180, line);
});

Deno.test("formatProblems() stops after its limit and counts the rest", () => {
  const problem: Problem = { file: "f", line: 1, column: 2, path: "a", message: "wrong" };

  const lines = formatProblems(Array.from({ length: 105 }, () => problem));

  assertEquals(lines.length, 101);
  assertEquals(lines[0], "f:1:2: a: wrong");
  assertEquals(lines[100], "and 5 more problems");
});

Deno.test("formatProblem() leaves out what is not known", () => {
  assertEquals(formatProblem({ file: "f", path: "", message: "wrong" }), "f: wrong");
});

Deno.test("loadConfig() reports no place that is outside of the text", async () => {
  const result = await loadText(`${MINIMAL}    x: 1\n  y:`);

  assert(!result.ok);
  for (const { line = 0 } of result.problems) assert(line >= 1 && line <= 9);
});

Deno.test("loadConfig() tells unix sockets apart by the case of their paths", async () => {
  const text = MINIMAL.replace(
    /listeners:[^]*upstreams/,
    `listeners:\n  - { address: "unix:/run/a", upstream: app }\n` +
      `  - { address: "unix:/run/A", upstream: app }\nupstreams`,
  );

  assertEquals(await problemsOf(text), []);
});
