import { assert, assertEquals, assertThrows } from "@std/assert";
import type { RouteConditions } from "../../lib/route/match.ts";
import { MAX_REGEX_PATH, type RoutedRequest } from "../../lib/route/match.ts";
import { buildRouter } from "../../lib/route/router.ts";

/** What a test says of a request. */
interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request for `http://host/path?query`; the target is taken as it is, not as a URL would. */
function requestFor(url: string, { method = "GET", headers = {} }: RequestOptions = {}) {
  const [, host = "", path = "", query] = /^http:\/\/([^/]*)([^?]*)(?:\?([^]*))?$/.exec(url) ?? [];
  const get = (name: string) => headers[name];
  const request: RoutedRequest = { method, host, path, query, fields: { get } };
  return request;
}

function matches(route: RouteConditions, url: string, options?: RequestOptions): boolean {
  return buildRouter([route]).match(requestFor(url, options)) === 0;
}

const CASES: readonly [route: RouteConditions, yes: string[], no: string[]][] = [
  [{}, ["http:///", "http://a/x?y", "http://a:1*"], []],
  [
    { host: "a.example.com" },
    ["http://a.example.com/", "http://A.Example.COM/", "http://a.example.com:8080/"].concat(
      ["http://a.example.com./", "http://a.example.com.:80/", "http://a.example.com:/"],
    ),
    ["http://b.a.example.com/", "http://example.com/", "http:///", "http://a.example.com../"],
  ],
  [
    { host: "*.example.com" },
    ["http://a.example.com/", "http://b.a.example.com:8/", "http://A.EXAMPLE.com./"],
    [
      "http://example.com/",
      "http://.example.com/",
      "http://aexample.com/",
      "http://a.example.org/",
    ],
  ],
  [{ host: "[::1]" }, ["http://[::1]/", "http://[::1]:80/"], ["http://[::2]/", "http://::1/"]],
  [{ host: "10.0.0.1" }, ["http://10.0.0.1/", "http://10.0.0.1:8080/"], ["http://10.0.0.10/"]],
  [
    { path: "/a" },
    [
      "http://h/a",
      "http://h/a?x",
      "http://h//a",
      "http://h/%61",
      "http://h/b/../a",
      "http://h/./a",
    ],
    ["http://h/a/", "http://h/a/b", "http://h/A", "http://h/ab", "http://h*", "http://h/a;x"],
  ],
  [
    { pathPrefix: "/v1" },
    ["http://h/v1", "http://h/v1/", "http://h/v1/x", "http://h//v1//x", "http://h/x/%2e%2e/v1"],
    [
      "http://h/v1x",
      "http://h/v",
      "http://h/V1",
      "http://h/v1/../x",
      "http://h/v1%2Fx",
      "http://h*",
    ],
  ],
  [{ pathPrefix: "/v1/" }, ["http://h/v1", "http://h/v1/x"], ["http://h/v1x"]],
  [{ pathPrefix: "/" }, ["http://h/", "http://h/x", "http://h*"], []],
  [{ pathPrefix: "/a/b" }, ["http://h/a/b/c", "http://h/a/./b"], ["http://h/a", "http://h/a/bc"]],
  [{ pathRegex: "^/u/\\d+$" }, ["http://h/u/1", "http://h//u/%31"], [
    "http://h/u/",
    "http://h/x/u/1",
  ]],
  [{ pathRegex: "\\.php" }, ["http://h/x.php/y", "http://h/%2ephp"], [
    "http://h/php",
    "http://h/?.php",
  ]],
  [
    { query: { a: "1" } },
    ["http://h/?a=1", "http://h/?b&a=1&c", "http://h/?%61=%31", "http://h/?a=1&a=2"],
    [
      "http://h/",
      "http://h/?",
      "http://h/?a",
      "http://h/?a=2&a=1",
      "http://h/?A=1",
      "http://h/?aa=1",
    ],
  ],
  [{ query: { q: "a b&ü" } }, ["http://h/?q=a+b%26%c3%bc", "http://h/?q=a%20b%26%C3%BC"], [
    "http://h/?q=a",
  ]],
  [{ query: { a: "*" } }, ["http://h/?a", "http://h/?a=", "http://h/?a=x"], ["http://h/?b=a"]],
  [{ query: { a: "" } }, ["http://h/?a", "http://h/?a=&b"], ["http://h/?a=1", "http://h/"]],
  [{ query: { a: "%zz" } }, ["http://h/?a=%zz"], ["http://h/?a=zz"]],
  [{ query: { a: "b=c" } }, ["http://h/?a=b=c"], ["http://h/?a=b"]],
  [{ query: { a: "1", b: "2" } }, ["http://h/?b=2&a=1"], ["http://h/?a=1"]],
];

for (const [route, yes, no] of CASES) {
  Deno.test(`Router.match() takes ${JSON.stringify(route)} for what it says`, () => {
    for (const url of yes) assert(matches(route, url), `${url} must match`);
    for (const url of no) assert(!matches(route, url), `${url} must not match`);
  });
}

Deno.test("Router.match() compares methods exactly", () => {
  const route = { methods: ["GET", "HEAD"] };

  assertEquals(
    ["GET", "HEAD", "get", "POST"].map((method) => matches(route, "http://h/", { method })),
    [
      ...[true, true, false, false],
    ],
  );
});

Deno.test("Router.match() compares header fields by name in any case and exact value", () => {
  const exact = { headers: { "X-Canary": "1" } };
  const present = { headers: { "x-canary": "*" } };
  const values = [{}, { "x-canary": "" }, { "x-canary": "1" }, { "x-canary": "1 " }];

  const results = values.map((headers) =>
    [exact, present].map((route) => matches(route, "http://h/", { headers }))
  );

  assertEquals(results, [[false, false], [false, true], [true, true], [false, true]]);
});

Deno.test("Router.match() wants all conditions of a route to hold", () => {
  const route: RouteConditions = {
    host: "h",
    path: "/a",
    pathPrefix: "/",
    pathRegex: "a",
    methods: ["GET"],
    headers: { x: "1" },
    query: { q: "1" },
  };
  const headers = { x: "1" };

  assert(matches(route, "http://h/a?q=1", { headers }));
  assert(!matches(route, "http://i/a?q=1", { headers }));
  assert(!matches(route, "http://h/a/a?q=1", { headers }));
  assert(!matches(route, "http://h/a?q=1", { headers, method: "PUT" }));
  assert(!matches(route, "http://h/a?q=1"));
  assert(!matches(route, "http://h/a?q=2", { headers }));
});

Deno.test("Router.match() returns the first of all routes, whichever way they name the host", () => {
  const router = buildRouter([
    { host: "a.test", path: "/0" },
    { path: "/1" },
    { host: "*.test", path: "/2" },
    { host: "a.test" },
    { path: "/4" },
    { host: "a.test", path: "/5" },
    {},
  ]);
  const found = (url: string) => router.match(requestFor(url));

  assertEquals(
    ["/0", "/1", "/2", "/3", "/4", "/5"].map((path) => found(`http://A.test:80${path}`)),
    [0, 1, 2, 3, 3, 3],
  );
  assertEquals(["/0", "/1", "/2", "/4"].map((path) => found(`http://b.test${path}`)), [6, 1, 2, 4]);
  assertEquals(["/0", "/2", "/4"].map((path) => found(`http://other${path}`)), [6, 6, 4]);
});

Deno.test("Router.match() returns -1 when nothing matches", () => {
  assertEquals(buildRouter([]).match(requestFor("http://h/")), -1);
  assertEquals(buildRouter([{ host: "a" }, { path: "/b" }]).match(requestFor("http://c/")), -1);
});

Deno.test("Router.match() agrees with asking every route in turn", () => {
  const hosts = [undefined, "a.test", "b.test", "*.test"];
  const prefixes = [undefined, "/x", "/x/y", "/"];
  const conditions = hosts.flatMap((host) =>
    prefixes.map((pathPrefix): RouteConditions => ({
      ...(host === undefined ? {} : { host }),
      ...(pathPrefix === undefined ? {} : { pathPrefix }),
    }))
  );
  for (let offset = 0; offset < conditions.length; offset++) {
    const routes = conditions.map((_, index) => conditions[(index * 7 + offset) % 16] ?? {});
    const router = buildRouter(routes);
    for (const url of ["http://a.test/x/y", "http://b.test/z", "http://c.test/x", "http://d/x/y"]) {
      const expected = routes.findIndex((route) => matches(route, url));

      assertEquals(router.match(requestFor(url)), expected);
    }
  }
});

Deno.test("Router.match() lets no path pass a regular expression by being too long for it", () => {
  const router = buildRouter([{ pathRegex: "/secret$" }, {}]);
  const path = (length: number) => `http://h/${"a".repeat(length - 8)}/secret`;

  assertEquals(router.match(requestFor(path(MAX_REGEX_PATH))), 0);
  assertEquals(router.match(requestFor(path(MAX_REGEX_PATH + 1))), -1);
  assertEquals(buildRouter([{}]).match(requestFor(path(MAX_REGEX_PATH + 1))), 0);
});

Deno.test("Router.explain() names the first condition that fails", () => {
  const router = buildRouter([
    { host: "a" },
    { path: "/a" },
    { pathPrefix: "/b" },
    { pathRegex: "c$" },
    { methods: ["PUT"] },
    { headers: { d: "*" } },
    { query: { e: "*" } },
    {},
  ]);
  const request = requestFor("http://h/");

  const reasons = Array.from({ length: 8 }, (_, index) => router.explain(request, index));

  assertEquals(reasons, [
    ...["host", "path", "path_prefix", "path_regex", "methods", "headers", "query"] as const,
    undefined,
  ]);
  assertThrows(() => router.explain(request, 8), RangeError, "Cannot explain route 8");
});

Deno.test("Router.match() looks at the routes of one host only, among a thousand", () => {
  let compared = 0;
  const routes = Array.from({ length: 1000 }, (_, index): RouteConditions => {
    return { host: `h${index}.test`, headers: { x: "1" } };
  });
  const request: RoutedRequest = {
    ...requestFor("http://h999.test/"),
    fields: {
      get: () => {
        compared++;
        return "1";
      },
    },
  };

  assertEquals(buildRouter(routes).match(request), 999);
  assertEquals(compared, 1);
});

Deno.test("buildRouter() takes names from Object.prototype as names", () => {
  const router = buildRouter([{ host: "constructor" }, { query: { toString: "1" } }]);

  assertEquals(router.match(requestFor("http://constructor/")), 0);
  assertEquals(router.match(requestFor("http://h/?toString=1")), 1);
  assertEquals(router.match(requestFor("http://__proto__/")), -1);
});
