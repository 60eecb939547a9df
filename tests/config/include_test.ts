import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { formatExpanded } from "../../lib/config/expand.ts";
import { formatProblem, loadConfig } from "../../lib/config/load.ts";
import { configOf, memoryEnvironment, type MemoryOptions } from "./support.ts";

const MAIN = "etc/weir.yaml";
const upstream = (name: string) =>
  `upstreams: { ${name}: { backends: [{ address: "${name}:1" }] } }\n`;
const listener = (port: number, to: string) => {
  return `listeners: [{ address: ":${port}", upstream: ${to} }]\n`;
};

const load = (files: MemoryOptions["files"] = {}) => {
  return loadConfig(MAIN, memoryEnvironment({ files }));
};

async function problems(files: MemoryOptions["files"]): Promise<string[]> {
  const result = await load(files);
  return result.ok ? [] : result.problems.map(formatProblem);
}

Deno.test("loadConfig() adds what files matching a pattern hold, in the order of their names", async () => {
  const result = await load({
    [MAIN]: "include: [conf.d/*.yaml]\nlisteners: []\n",
    "etc/conf.d/b.yaml": listener(2, "a") + upstream("b"),
    "etc/conf.d/a.yaml": listener(1, "b") + upstream("a"),
    "etc/conf.d/.hidden.yaml": "not: read",
    "etc/conf.d/c.yml": "not: read",
    "conf.d/z.yaml": "not: read",
  });

  assert(result.ok);
  assertEquals(result.files, [MAIN, "etc/conf.d/a.yaml", "etc/conf.d/b.yaml"]);
  assertEquals(result.config.listeners.map((one) => one.name), [":1", ":2"]);
  assertEquals(result.config.upstreams.map((one) => one.name), ["a", "b"]);
  assertEquals(await configOf(formatExpanded(result.expanded)), result.config);
});

Deno.test("loadConfig() accepts a pattern that matches nothing, or its own file", async () => {
  const result = await load({
    [MAIN]: "include: [none.d/*.yaml, '*.yaml']\n" + listener(1, "a"),
    "etc/a.yaml": upstream("a"),
  });

  assert(result.ok);
  assertEquals(result.files, [MAIN, "etc/a.yaml"]);
});

Deno.test("loadConfig() reads a file once that two patterns match", async () => {
  const result = await load({
    [MAIN]: "include: ['a*.yaml', './*a.yaml']\n" + listener(1, "a"),
    "etc/a.yaml": upstream("a"),
  });

  assert(result.ok);
});

Deno.test("loadConfig() takes an absolute include as it is", async () => {
  const result = await load({
    [MAIN]: "include: [/opt/a.yaml]\n" + listener(1, "a"),
    "/opt/a.yaml": upstream("a"),
  });

  assert(result.ok);
  assertEquals(result.files, [MAIN, "/opt/a.yaml"]);
});

const CASES: readonly [
  name: string,
  include: string,
  files: MemoryOptions["files"],
  problem: string,
][] = [
  [
    "a named file that is missing",
    "[gone.yaml]",
    {},
    `etc/weir.yaml:1:11: include[0]: cannot include "etc/gone.yaml": file does not exist`,
  ],
  [
    "a file that is not UTF-8",
    "[a.yaml]",
    { "etc/a.yaml": new Uint8Array([0x61, 0x0a, 0xff]) },
    `cannot include "etc/a.yaml": file must be UTF-8 text: byte 0xff at offset 2, line 2`,
  ],
  ["its own name", "[weir.yaml]", {}, `file "etc/weir.yaml" must be included only once`],
  ["a star in a directory", '["*/a.yaml"]', {}, `"*" must stand in the last part of the path only`],
  ["a text in place of a list", "a.yaml", {}, `must be a list: current value is "a.yaml"`],
  [
    "an include inside of an included file",
    "[a.yaml]",
    { "etc/a.yaml": "include: [b.yaml]\n" },
    "etc/a.yaml:1:1: include: must not stand in a file that is included itself",
  ],
  [
    "other settings in an included file",
    "[a.yaml]",
    { "etc/a.yaml": "workers: 2\n" },
    'etc/a.yaml:1:1: workers: unknown key "workers": known keys are listeners, upstreams',
  ],
  [
    "a syntax error in an included file",
    "[a.yaml]",
    { "etc/a.yaml": "a: [\n" },
    "etc/a.yaml:2:1: is not valid YAML",
  ],
  [
    "an empty included file",
    "[a.yaml]",
    { "etc/a.yaml": "" },
    "etc/a.yaml:1:1: file is empty",
  ],
  [
    "an upstream that two files define",
    "[a.yaml]",
    { "etc/a.yaml": upstream("app") },
    "etc/a.yaml:1:14: upstreams.app: upstream must be defined only once: " +
    'current value is "app", first at etc/weir.yaml:3:14',
  ],
  [
    "an address that two files listen on",
    "[a.yaml]",
    { "etc/a.yaml": 'listeners: [{ name: other, address: "[::]:1", upstream: app }]' },
    "etc/a.yaml:1:37: listeners[0].address: must differ from every other listener: " +
    'current value is "[::]:1", first at etc/weir.yaml:2:24',
  ],
  [
    "a wrong reference in an included file",
    "[a.yaml]",
    { "etc/a.yaml": listener(2, "apps") },
    'etc/a.yaml:1:40: listeners[0].upstream: must be the name of an upstream (did you mean "app"?)',
  ],
];

for (const [name, include, files, problem] of CASES) {
  Deno.test(`loadConfig() reports ${name}`, async () => {
    const main = `include: ${include}\n${listener(1, "app")}${upstream("app")}`;

    const found = await problems({ [MAIN]: main, ...files });

    assertEquals(found.length, 1, found.join("\n"));
    assertStringIncludes(found[0] ?? "", problem);
  });
}

Deno.test("loadConfig() blames no reference on an upstream whose file cannot be read", async () => {
  const found = await problems({ [MAIN]: "include: [a.yaml]\n" + listener(1, "a") });

  assertEquals(found, [
    'etc/weir.yaml:1:11: include[0]: cannot include "etc/a.yaml": file does not exist',
  ]);
});

Deno.test("loadConfig() reports mistakes of all files, the main file first", async () => {
  const found = await problems({
    [MAIN]: "include: ['*.yaml']\nworkers: 0\n" + listener(0, "a"),
    "etc/b.yaml": "x: 1\n",
    "etc/a.yaml": upstream("a") + "y: 1\n",
  });

  assertEquals(found.map((line) => line.split(": ")[0]), [
    "etc/weir.yaml:2:10",
    "etc/weir.yaml:3:24",
    "etc/a.yaml:2:1",
    "etc/b.yaml:1:1",
  ]);
});

Deno.test("loadConfig() includes at most 1000 files", async () => {
  const files = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => {
    return [`etc/d/${index}.yaml`, "listeners: []\n"];
  }));

  const found = await problems({ [MAIN]: "include: [d/*]\n" + listener(1, "a"), ...files });

  assertEquals(found, ["etc/weir.yaml:1:11: include[0]: must name at most 1000 files in all"]);
});
