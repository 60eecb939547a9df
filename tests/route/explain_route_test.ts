import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { explainRoutes } from "../../lib/route/explain_route.ts";
import { MAX_REGEX_PATH, type RouteConditions, type RoutedRequest } from "../../lib/route/match.ts";
import { buildRouter } from "../../lib/route/router.ts";

function request(changes: Partial<RoutedRequest> = {}): RoutedRequest {
  const fields = new Map([["x-canary", "1"]]);
  return {
    method: "GET",
    host: "api.example.com",
    path: "/v1/x",
    query: "a=1&b=2",
    fields: { get: (name) => fields.get(name) },
    ...changes,
  };
}

function explain(routes: readonly RouteConditions[], asked = request()) {
  return explainRoutes(buildRouter(routes), routes, asked);
}

Deno.test("explainRoutes() judges each condition by itself, and names the one that decided", () => {
  const [verdict] = explain([{
    host: "*.example.com",
    path: "/v2",
    pathPrefix: "/v1",
    pathRegex: "x$",
    methods: ["GET", "HEAD"],
    headers: { "x-canary": "2", "x-other": "*" },
    query: { a: "1", c: "*" },
  }]);

  assertEquals([verdict?.matched, verdict?.failed], [false, "path"]);
  assertEquals(
    verdict?.conditions.map(({ condition, wanted, passed }) => `${condition} ${wanted} ${passed}`),
    [
      "host *.example.com true",
      "path /v2 false",
      "path_prefix /v1 true",
      "methods GET, HEAD true",
      "headers x-canary: 2 false",
      "headers x-other: * false",
      "query a=1 true",
      "query c=* false",
      "path_regex x$ true",
    ],
  );
});

Deno.test("explainRoutes() ends with the route that matches", () => {
  const verdicts = explain([{ path: "/other" }, { pathPrefix: "/v1" }, {}]);

  assertEquals(verdicts.map(({ index, matched }) => [index, matched]), [[0, false], [1, true]]);
});

Deno.test("explainRoutes() ends with a route that cannot be decided", () => {
  const path = `/${"x".repeat(MAX_REGEX_PATH)}`;
  const routes = [{ host: "other.example", pathRegex: "x" }, { pathRegex: "x" }, {}];
  const verdicts = explain(routes, request({ path }));

  assertEquals(verdicts.map(({ matched, failed }) => [matched, failed]), [
    [false, "path_regex"],
    [false, "path_regex"],
  ]);
});

Deno.test("explainRoutes() agrees with the router on any routes and requests", () => {
  const optional = <T>(values: readonly T[]) =>
    fc.option(fc.constantFrom(...values), { nil: undefined });
  const conditions = fc.record({
    host: optional(["a.example", "*.example", "b.example"]),
    pathPrefix: optional(["/", "/a", "/a/b"]),
    path: optional(["/a", "/a/b/../c"]),
    pathRegex: optional(["^/a", "b"]),
    methods: optional([["GET"], ["POST", "GET"]]),
    headers: optional([{ "x-canary": "1" }, { "x-canary": "*" }]),
    query: optional([{ a: "1" }, { a: "2" }]),
  }).map((all) => {
    const given = Object.entries(all).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as RouteConditions;
  });
  const asked = fc.record({
    host: fc.constantFrom("a.example", "b.example:80", "other"),
    path: fc.constantFrom("/", "/a", "/a/b", "/a/./c", "/ab", `/a${"b".repeat(3000)}`),
    method: fc.constantFrom("GET", "POST"),
    query: fc.constantFrom(undefined, "a=1", "a=2"),
  });
  fc.assert(
    fc.property(fc.array(conditions, { maxLength: 6 }), asked, (routes, changes) => {
      const router = buildRouter(routes);
      const ask = request(changes);
      const verdicts = explainRoutes(router, routes, ask);

      const match = router.match(ask);
      assertEquals(verdicts.find(({ matched }) => matched)?.index ?? -1, match);
      for (const { failed, conditions } of verdicts) {
        assertEquals(conditions.every(({ passed }) => passed), failed === undefined);
        const first = conditions.find(({ passed }) => !passed);
        assertEquals(first?.condition, failed === "path_regex" ? first?.condition : failed);
      }
    }),
    { seed: 7, numRuns: 500 },
  );
});
