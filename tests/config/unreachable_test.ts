import { assert, assertEquals } from "@std/assert";
import { loadText } from "./support.ts";

/** Loads routes with these matches, and says which of them get a warning. */
async function unreachedOf(matches: readonly string[], upstream = ""): Promise<string[]> {
  const routes = matches.map((match) => `      - { match: ${match}, respond: {} }\n`).join("");
  const result = await loadText(`listeners:
  - address: ":80"
    protocol: http
    routes:
${routes}${upstream}upstreams:
  app: { backends: [{ address: "a:1" }] }
`);
  assert(result.ok, JSON.stringify(result));
  return [...result.warnings];
}

Deno.test("loadConfig() warns of a route that an identical one stands before", async () => {
  assertEquals(await unreachedOf(["{ path: /a }", "{ path: /b }", "{ path: /a }"]), [
    "weir.yaml:7:9: listeners[0].routes[2]: never gets a request: an earlier route matches all " +
    "that it matches, first at weir.yaml:5:9",
  ]);
});

Deno.test("loadConfig() warns of an upstream that a route for all stands before", async () => {
  assertEquals(await unreachedOf(["{}"], "    upstream: app\n"), [
    "weir.yaml:6:15: listeners[0].upstream: never gets a request: an earlier route matches all " +
    "that it matches, first at weir.yaml:5:9",
  ]);
});

const PAIRS: readonly [earlier: string, later: string, isUnreached: boolean][] = [
  ["{}", "{ host: a }", true],
  ["{ path_prefix: / }", "{ path: /a }", true],
  ["{ path_prefix: /a }", "{ path_prefix: /a/b/c }", true],
  ["{ path_prefix: /a/ }", "{ path: /a }", true],
  ["{ path_prefix: /a }", "{ path: /a/b, methods: [GET] }", true],
  ["{ path_prefix: /%61 }", "{ path_prefix: //a }", true],
  ["{ path_prefix: /a/b }", "{ path_prefix: /a }", false],
  ["{ path_prefix: /a }", "{ path_prefix: /ab }", false],
  ["{ path: /a }", "{ path_prefix: /a }", false],
  ["{ path: / }", "{ path_prefix: / }", false],
  ["{ host: A.test }", "{ host: a.test., path: /x }", true],
  ['{ host: "*.test" }', "{ host: a.b.test }", true],
  ['{ host: "*.test" }', '{ host: "*.b.test" }', true],
  ['{ host: "*.b.test" }', "{ host: b.test }", false],
  ["{ host: a.test }", '{ host: "*.test" }', false],
  ["{ methods: [GET, PUT] }", "{ methods: [PUT, GET] }", true],
  ["{ methods: [GET] }", "{}", false],
  ['{ headers: { X-A: "*" } }', '{ headers: { x-a: "1" } }', true],
  ['{ headers: { X-A: "1" } }', '{ headers: { x-a: "*" } }', false],
  ['{ headers: { X-A: "1" } }', '{ headers: { x-a: "2" } }', false],
  ['{ query: { a: "*" } }', '{ query: { a: "1", b: "2" } }', true],
  ['{ query: { a: "1" } }', '{ query: { A: "1" } }', false],
  ["{ path_regex: ^/a }", "{ path_regex: ^/a, host: b }", true],
  ["{ path_regex: ^/a }", "{ path: /a }", false],
  ["{ host: a, path_prefix: /a }", "{ host: a }", false],
  ["{ host: a, path_prefix: /a }", "{ host: b, path_prefix: /a }", false],
];

for (const [earlier, later, isUnreached] of PAIRS) {
  Deno.test(`loadConfig() ${isUnreached ? "warns" : "does not warn"} of ${later} after ${earlier}`, async () => {
    assertEquals((await unreachedOf([earlier, later])).length, isUnreached ? 1 : 0);
  });
}
