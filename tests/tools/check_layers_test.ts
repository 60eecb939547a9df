import { assertEquals, assertMatch } from "@std/assert";
import { findEdges, findViolations } from "../../tools/check_layers.ts";

/** Violations of a project that consists of `texts`, by path. */
function check(texts: Readonly<Record<string, string>>): string[] {
  const files = Object.entries(texts).map(([path, text]) => ({ path, text }));
  return findViolations(files.flatMap(findEdges), files);
}

function importing(specifier: string): string {
  return `import { a } from "${specifier}";\n`;
}

Deno.test("findEdges() finds every form of import", () => {
  const text = [
    'import "./a.ts";',
    'import b, { type B } from "./b.ts";',
    "import {",
    "  c,",
    '} from "../core/c.ts";',
    'import type { D } from "./d.ts";',
    'export * from "./e.ts";',
    'export type { F } from "./f.ts";',
    'const g = await import("./g.ts");',
    'import schema from "../../config/h.json" with { type: "json" };',
    "import * as i from '@scope/i';",
  ].join("\n");

  const edges = findEdges({ path: "lib/net/x.ts", text });

  assertEquals(
    edges.map((edge) => [edge.to, edge.line, edge.typeOnly, edge.external]),
    [
      ["lib/net/a.ts", 1, false, false],
      ["lib/net/b.ts", 2, false, false],
      ["lib/core/c.ts", 3, false, false],
      ["lib/net/d.ts", 6, true, false],
      ["lib/net/e.ts", 7, false, false],
      ["lib/net/f.ts", 8, true, false],
      ["lib/net/g.ts", 9, false, false],
      ["config/h.json", 10, false, false],
      ["@scope/i", 11, false, true],
    ],
  );
});

Deno.test("findEdges() is not misled by comments, strings and declarations", () => {
  const text = [
    '// import { a } from "./a.ts";',
    '/** import { b } from "./b.ts"; */',
    "const c = `import { c } from \"./c.ts\"; ${`import './c.ts'`}`;",
    'export const from = "./d.ts";',
    'export type E = "./e.ts" | "import";',
    'const f = import.meta.resolve("./f.ts");',
  ].join("\n");

  assertEquals(findEdges({ path: "lib/net/x.ts", text }), []);
});

for (
  const [path, specifier] of [
    ["main.ts", "./lib/cli/run.ts"],
    ["lib/mod.ts", "./runtime/runtime.ts"],
    ["lib/cli/run.ts", "../runtime/runtime.ts"],
    ["lib/runtime/build.ts", "../proxy/tcp_proxy.ts"],
    ["lib/simulate/engine.ts", "../proxy/retry.ts"],
    ["lib/proxy/tcp_proxy.ts", "../config/types.ts"],
    ["lib/proxy/tcp_proxy.ts", "../upstream/upstream.ts"],
    ["lib/upstream/upstream.ts", "../balancer/balancer.ts"],
    ["lib/balancer/p2c.ts", "./balancer.ts"],
    ["lib/balancer/p2c.ts", "../ds/heap.ts"],
    ["lib/http/head.ts", "../core/types.ts"],
    ["lib/admin/server.ts", "../http/head.ts"],
    ["lib/config/schema.ts", "../../config/schema.json"],
    ["lib/config/parse.ts", "@std/yaml"],
    ["lib/net/socket.ts", "node:net"],
  ] as const
) {
  Deno.test(`findViolations() lets ${path} import ${specifier}`, () => {
    assertEquals(check({ [path]: importing(specifier) }), []);
  });
}

for (
  const [path, specifier, reason] of [
    ["lib/runtime/runtime.ts", "../cli/run.ts", "higher layer"],
    ["lib/upstream/upstream.ts", "../config/types.ts", "higher layer"],
    ["lib/core/types.ts", "../balancer/balancer.ts", "higher layer"],
    ["lib/ds/heap.ts", "../core/types.ts", "higher layer"],
    ["lib/balancer/p2c.ts", "../health/checker.ts", "share a layer"],
    ["lib/net/splice.ts", "../config/types.ts", "share a layer"],
    ["lib/proxy/tcp_proxy.ts", "../admin/server.ts", "share a layer"],
    ["lib/simulate/engine.ts", "../runtime/data_plane.ts", "share a layer"],
    ["lib/http/head.ts", "../upstream/upstream.ts", "only core and ds"],
    ["lib/route/router.ts", "../metrics/registry.ts", "only core and ds"],
    ["lib/cli/run.ts", "../mod.ts", "import the file itself"],
    ["lib/cli/run.ts", "../../tools/print.ts", "nothing outside lib"],
    ["lib/http/head.ts", "node:net", "touch the system"],
  ] as const
) {
  Deno.test(`findViolations() forbids ${path} to import ${specifier}`, () => {
    const violations = check({ [path]: `\nimport type { A } from "${specifier}";\n` });

    assertEquals(violations.length, 1);
    assertMatch(violations[0] ?? "", new RegExp(`^${path}:2: .*${reason}`));
  });
}

Deno.test("findViolations() names a folder that is in no layer", () => {
  assertEquals(check({ "lib/misc/a.ts": "" }), [
    "lib/misc/a.ts:1: file is in no layer: add misc to tools/check_layers.ts",
  ]);
});

Deno.test("findViolations() keeps Deno at the edge, but not out of comments and strings", () => {
  const text = '/** Deno.listen */\nconst a = "Deno.env";\nconst b: Deno.Conn = /Deno/;\n';

  const violations = check({ "lib/net/a.ts": text, "lib/proxy/b.ts": text });

  assertEquals(violations, [
    "lib/proxy/b.ts:3: Deno must not appear here: " +
    "only main.ts and net, runtime, cluster, cli, config, admin touch the system",
  ]);
});

Deno.test("findViolations() keeps clock, chance and timers out of the policies", () => {
  const text = "f(Date.now());\nf(Math.random());\nsetTimeout(f);\nsetInterval(f);\n";

  const violations = check({ "lib/health/a.ts": text, "lib/proxy/b.ts": text });

  assertEquals(violations, [
    "lib/health/a.ts:1: Date.now must not appear here: time and chance are arguments in health",
    "lib/health/a.ts:2: Math.random must not appear here: time and chance are arguments in health",
    "lib/health/a.ts:3: setTimeout must not appear here: time and chance are arguments in health",
    "lib/health/a.ts:4: setInterval must not appear here: time and chance are arguments in health",
  ]);
});

Deno.test("findViolations() wants files under 300 lines", () => {
  const violations = check({
    "lib/core/a.ts": "a;\n".repeat(299),
    "lib/core/b.ts": "b;\n".repeat(300),
  });

  assertEquals(violations, ["lib/core/b.ts:300: file must be under 300 lines: has 300"]);
});

Deno.test("findViolations() keeps packages out of the worker threads", () => {
  const violations = check({
    "lib/runtime/worker.ts": importing("../proxy/a.ts") + 'import type { C } from "./c.ts";\n',
    "lib/proxy/a.ts": 'import type { z } from "zod";\n' + importing("../core/b.ts"),
    "lib/core/b.ts": "\n" + importing("yaml"),
    "lib/runtime/c.ts": importing("zod"),
  });

  assertEquals(violations, ["lib/core/b.ts:2: lib/runtime/worker.ts must not load yaml"]);
});
