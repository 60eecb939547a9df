import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MINIMAL, problemsOf } from "./support.ts";

const CASES: readonly [name: string, text: string, problem: string][] = [
  ["an empty file", "", "weir.yaml:1:1: file is empty"],
  ["a file of blanks", " \n\n", "weir.yaml:1:1: file is empty"],
  ["a file of comments", "# a\n\n  # b\n", "weir.yaml:1:1: file holds nothing but comments"],
  ["a list at the top", "- a\n", 'top level must be a mapping with sections such as "listeners"'],
  ["a text at the top", "hello\n", 'current value is "hello"'],
  ["an explicit null", "---\n", "top level must be a mapping"],
  [
    "several documents",
    `${MINIMAL}---\n${MINIMAL}`,
    "weir.yaml:8:1: is not valid YAML: found more",
  ],
  ["an open bracket", "listeners: [\n", "is not valid YAML:"],
  ["a wrong indent", "a:\n  b: 1\n c: 2\n", "weir.yaml:3:1: is not valid YAML:"],
  [
    "a tab as indent",
    "listeners:\n\t- address: x\n",
    "weir.yaml:2:1: lines must be indented with spaces: this one is indented with a tab",
  ],
  [
    "a tab after spaces as indent",
    "a:\n  b: 1\n  \tc: 2\n",
    "weir.yaml:3:3: lines must be indented with spaces",
  ],
  [
    "brackets without quotes",
    "listeners:\n  - address: [::1]:8080\n",
    "weir.yaml:2:19: is not valid YAML: unexpected scalar at node end: " +
    'an address with brackets must be in quotes, like "[::1]:8080"',
  ],
  [
    "a variable without quotes in braces",
    "a: { b: ${C} }\n",
    "${…} inside { } or [ ] must be in quotes",
  ],
  ["a star without quotes", "include: [*.yaml]\n", "text that starts with * must be in quotes"],
  ["an alias of nothing", "a: *b\n", "is not valid YAML: cannot read alias"],
  ["an alias inside its anchor", "a: &a [*a]\n", "an alias stands inside its own anchor"],
  ["a NUL character", "a: 1\0\n", "is not valid YAML:"],
  ["an unknown tag", "a: !!js/function x\n", "is not valid YAML: cannot resolve unknown tag"],
  ["nesting that is too deep", `a: ${"[".repeat(100)}${"]".repeat(100)}`, "nested too deeply"],
];

for (const [name, text, problem] of CASES) {
  Deno.test(`loadConfig() reports ${name}`, async () => {
    const problems = await problemsOf(text);

    assertEquals(problems.length, 1);
    assertStringIncludes(problems[0] ?? "", problem);
  });
}

Deno.test("loadConfig() does not mind tabs that indent nothing", async () => {
  assertEquals(await problemsOf(`\t\n\t# comment\n${MINIMAL}\t\n`), []);
});

Deno.test("loadConfig() bounds aliases of aliases", async () => {
  const level = (index: number) => {
    return `a${index}: &a${index} [${`*a${index - 1},`.repeat(10)}]\n`;
  };
  const bomb = `a0: &a0 [x]\n${
    Array.from({ length: 40 }, (_, index) => level(index + 1)).join("")
  }`;

  const startMs = performance.now();
  const problems = await problemsOf(bomb);

  assertEquals(problems, [
    "weir.yaml:1:1: document must have at most 500000 values, aliases included",
  ]);
  assert(performance.now() - startMs < 2000);
});

Deno.test("loadConfig() bounds merges of merges", async () => {
  const level = (index: number) => {
    return `a${index}: &a${index} { <<: [${`*a${index - 1},`.repeat(4)}], k${index}: 1 }\n`;
  };
  const lattice = `a0: &a0 { x: 1 }\n` +
    `${Array.from({ length: 60 }, (_, index) => level(index + 1)).join("")}workers: 0\n`;

  const startMs = performance.now();
  const problems = await problemsOf(lattice);

  assertStringIncludes(problems.join("\n"), "weir.yaml:62:10: workers: must be");
  assert(performance.now() - startMs < 2000);
});

/** `count` backends, each with `rest` behind its address. */
function manyBackends(count: number, rest: string): string {
  const lines = Array.from({ length: count }, (_, index) => {
    return `      - { address: "10.1.${index >> 8}.${index & 255}:80"${rest} }\n`;
  });
  return MINIMAL + lines.join("");
}

Deno.test("loadConfig() reads 10,000 backends in well under a second", async () => {
  const text = manyBackends(10_000, ", weight: 5");

  const startMs = performance.now();
  assertEquals(await problemsOf(text), []);

  assert(performance.now() - startMs < 2000);
});

Deno.test("loadConfig() locates mistakes among 10,000 backends without delay", async () => {
  const text = manyBackends(10_000, "").replaceAll(/255:80"/g, `255:80", wait: 1`);

  const startMs = performance.now();
  const problems = await problemsOf(text);

  assertEquals(problems.length, 39);
  assertStringIncludes(problems[38] ?? "", "weir.yaml:9991:");
  assert(performance.now() - startMs < 4000);
});
