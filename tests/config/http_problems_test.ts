import { assert, assertStringIncludes } from "@std/assert";
import { MINIMAL, problemsOf, withRoute } from "./support.ts";

/** A route with `match`. */
const withMatch = (match: string) => withRoute(`match: { ${match} }, upstream: app`);
/** A route to the upstream with `setting` beside it. */
const withSetting = (setting: string) => withRoute(`upstream: app, ${setting}`);
/** An http listener with `setting`, on line 4. */
const withHttp = (setting: string) =>
  MINIMAL.replace("    upstream: app\n", `    protocol: http\n    ${setting}\n    upstream: app\n`);
/** A tcp listener with `setting`, on line 3. */
const withTcp = (setting: string) =>
  MINIMAL.replace("    upstream: app\n", `    ${setting}\n    upstream: app\n`);

const ROUTE = "listeners[0].routes[0]";
const FOR_HTTP = 'is for HTTP only: must stand in a listener with "protocol: http"';
const ACTIONS = "upstream, split, redirect, respond";

const CASES: readonly [name: string, text: string, problem: string][] = [
  // Listeners
  ["routes on a tcp listener", withTcp("routes: []"), `3:5: listeners[0].routes: ${FOR_HTTP}`],
  [
    "trusted proxies on a tcp listener",
    withTcp("trusted_proxies: []"),
    `3:5: listeners[0].trusted_proxies: ${FOR_HTTP}`,
  ],
  [
    "a limit of heads on a tcp listener",
    withTcp("limits: { header_bytes: 32KiB }"),
    `3:15: listeners[0].limits.header_bytes: ${FOR_HTTP}`,
  ],
  [
    "a limit of fields on a tcp listener",
    withTcp("limits: { header_count: 5 }"),
    `listeners[0].limits.header_count: ${FOR_HTTP}`,
  ],
  [
    "a limit of bodies on a tcp listener",
    withTcp("limits: { body_bytes: 0 }"),
    `listeners[0].limits.body_bytes: ${FOR_HTTP}`,
  ],
  [
    "a timeout of heads on a tcp listener",
    withTcp("timeouts: { header: 1s }"),
    `3:17: listeners[0].timeouts.header: ${FOR_HTTP}`,
  ],
  [
    "a timeout of bodies on a tcp listener",
    withTcp("timeouts: { body: 1s }"),
    `listeners[0].timeouts.body: ${FOR_HTTP}`,
  ],
  [
    "a tcp listener without an upstream",
    MINIMAL.replace("    upstream: app\n", ""),
    "2:5: listeners[0].upstream: is required: must be the name of an upstream",
  ],
  [
    "an http listener without upstream and routes",
    withHttp("routes: []").replace("    upstream: app\n", ""),
    "2:5: listeners[0]: must have an upstream or at least one route",
  ],
  [
    "a size without a unit",
    withHttp("limits: { header_bytes: 32768 }"),
    "4:29: listeners[0].limits.header_bytes: must have a unit, like 32768B or 32768KiB: current value is 32768",
  ],
  [
    "a size in other letters",
    withHttp("limits: { body_bytes: 1mb }"),
    'must be a size like 32KiB or 1MB (did you mean "1MB"?): current value is "1mb"',
  ],
  [
    "a size that is too small",
    withHttp("limits: { header_bytes: 1KB }"),
    'must be a size from 1KiB to 1MiB: current value is "1KB"',
  ],
  ["a size that is too large", withHttp("limits: { header_bytes: 2MiB }"), "from 1KiB to 1MiB"],
  ["a size that is a list", withHttp("limits: { body_bytes: [1] }"), "from 0 to 1024GiB"],
  [
    "no header fields",
    withHttp("limits: { header_count: 0 }"),
    "must be a whole number from 1 to 10000: current value is 0",
  ],
  [
    "a trusted proxy by name",
    withHttp("trusted_proxies: [example.com]"),
    '4:23: listeners[0].trusted_proxies[0]: must be an IP address or a block, like 10.0.0.0/8 or fd00::/8: current value is "example.com"',
  ],
  [
    "a block with too long a prefix",
    withHttp("trusted_proxies: [10.0.0.0/33]"),
    'prefix length must be 0 to 32: current value is "10.0.0.0/33"',
  ],
  [
    "a block that does not start where it says",
    withHttp('trusted_proxies: ["::1/64"]'),
    'must have no bits set after the prefix, like 10.0.0.0/8: current value is "::1/64"',
  ],
  ["a trusted proxy that is a number", withHttp("trusted_proxies: [10]"), "current value is 10"],

  // Actions
  [
    "a route that does nothing",
    withRoute("match: {}"),
    `5:9: ${ROUTE}: must have one of ${ACTIONS}`,
  ],
  [
    "a route that does two things",
    withRoute("upstream: app, split: { app: 1 }"),
    `5:9: ${ROUTE}: must have exactly one of ${ACTIONS}: current value has upstream and split`,
  ],
  [
    "an unknown upstream of a route",
    withRoute("upstream: ap"),
    `5:21: ${ROUTE}.upstream: must be the name of an upstream (did you mean "app"?): current value is "ap"`,
  ],
  [
    "an unknown upstream of a split",
    withRoute("split: { app: 1, db: 1 }"),
    `5:28: ${ROUTE}.split.db: must be the name of an upstream: current value is "db"`,
  ],
  ["an empty split", withRoute("split: {}"), `${ROUTE}.split: must have at least one upstream`],
  [
    "a split of nothing",
    withRoute("split: { app: 0 }"),
    `5:18: ${ROUTE}.split: must have a weight above 0: current value is {"app":0}`,
  ],
  [
    "a negative share",
    withRoute("split: { app: -1 }"),
    `5:25: ${ROUTE}.split.app: must be a whole number from 0 to 65535: current value is -1`,
  ],
  [
    "a split that is a list",
    withRoute("split: [app]"),
    `must be a mapping from names to weights: current value is ["app"]`,
  ],
  [
    "a redirect with another status",
    withRoute("redirect: { status: 304, location: / }"),
    `5:31: ${ROUTE}.redirect.status: must be one of 301, 302, 303, 307, 308: current value is 304`,
  ],
  ["a redirect to nowhere", withRoute("redirect: {}"), `${ROUTE}.redirect.location: is required`],
  [
    "a redirect to no URL",
    withRoute("redirect: { location: example.com }"),
    'must be a URL, like https://example.com/new, or a path that starts with /: current value is "example.com"',
  ],
  [
    "a redirect with a line break",
    withRoute('redirect: { location: "/a\\r\\nX: y" }'),
    `${ROUTE}.redirect.location: must be a URL`,
  ],
  ["a redirect with a space", withRoute('redirect: { location: "/a b" }'), "must be a URL"],
  [
    "an answer with a status of 199",
    withRoute("respond: { status: 199 }"),
    "must be a whole number from 200 to 599: current value is 199",
  ],
  ["an answer with a status of 600", withRoute("respond: { status: 600 }"), "from 200 to 599"],
  [
    "an answer without content that has some",
    withRoute("respond: { status: 204, body: x }"),
    `5:41: ${ROUTE}.respond.body: must be empty: an answer with status 204 has no content: current value is "x"`,
  ],
  ["a body that is no text", withRoute("respond: { body: [x] }"), "must be text of at most 1 MiB"],
  [
    "a content type with a line break",
    withRoute('respond: { content_type: "a\\nb" }'),
    `${ROUTE}.respond.content_type: must have no control characters`,
  ],
  [
    "a rewrite of what is not sent",
    withRoute("respond: {}, rewrite: {}"),
    `5:24: ${ROUTE}.rewrite: must stand in a route with upstream or split: with respond nothing is sent`,
  ],
  [
    "changes to a request that is not sent",
    withRoute("redirect: { location: / }, request_headers: {}"),
    `${ROUTE}.request_headers: must stand in a route with upstream or split: with redirect nothing is sent`,
  ],
  [
    "a timeout of a request that is not sent",
    withRoute("respond: {}, timeout: 1s"),
    `${ROUTE}.timeout: must stand in a route with upstream or split`,
  ],
  ["a timeout of zero", withSetting("timeout: 0s"), `${ROUTE}.timeout: must be longer than zero`],
  [
    "an unknown key of a route",
    withSetting("mach: {}"),
    'unknown key "mach": did you mean "match"?',
  ],

  // Match
  [
    "a host with a port",
    withMatch("host: 'a.test:80'"),
    `5:26: ${ROUTE}.match.host: must be a host without a port: routes match on every port: current value is "a.test:80"`,
  ],
  ["an IPv6 host with a port", withMatch("host: '[::1]:80'"), "must be a host without a port"],
  ["a host that is a star", withMatch("host: '*'"), "must be left out to match every host"],
  ["a star inside of a host", withMatch("host: 'a.*.b'"), 'must have "*" only as its first label'],
  ["a star before an address", withMatch("host: '*.0.0.1'"), "host must be four numbers"],
  ["a host with a space", withMatch("host: 'a b'"), "host must be a name or an IP address"],
  ["an empty host", withMatch("host: ''"), "must be a host, like example.com or *.example.com"],
  [
    "a path without a slash",
    withMatch("path: a"),
    `5:26: ${ROUTE}.match.path: must be a path that starts with /: current value is "a"`,
  ],
  [
    "a prefix without a slash",
    withMatch("path_prefix: v1"),
    "match.path_prefix: must be a path that",
  ],
  ["a path with a query", withMatch("path: '/a?b=1'"), 'must be a path without "?" and "#"'],
  ["a path with a fragment", withMatch("path: '/a#b'"), 'must be a path without "?" and "#"'],
  ["a path with a control byte", withMatch('path: "/a\\u0000"'), "must have no control characters"],
  ["half an escape", withMatch("path: /a%2"), 'must have two hexadecimal digits after every "%"'],
  [
    "a wrong regular expression",
    withMatch("path_regex: '['"),
    `5:32: ${ROUTE}.match.path_regex: must be a regular expression (Unterminated character class): current value is "["`,
  ],
  [
    "a nested repetition",
    withMatch("path_regex: '(a+)+'"),
    "must not repeat a group that holds another repetition or alternatives: matching such a pattern can take forever",
  ],
  [
    "a regular expression that is too long",
    withMatch(`path_regex: '${"a".repeat(257)}'`),
    "must be at most 256 characters",
  ],
  [
    "a method in lower case",
    withMatch("methods: [GET, post]"),
    `5:35: ${ROUTE}.match.methods[1]: must be a method in capitals, like GET (did you mean "POST"?): current value is "post"`,
  ],
  ["a method with a slip", withMatch("methods: [DELET]"), '(did you mean "DELETE"?)'],
  ["a method that is no word", withMatch("methods: ['A B']"), "must be a method in capitals"],
  ["a method in place of a list", withMatch("methods: GET"), "must be a list: current value is"],
  [
    "no methods",
    withMatch("methods: []"),
    `${ROUTE}.match.methods: must have at least one method: current value is []`,
  ],
  [
    "a header that is no token",
    withMatch("headers: { 'a b': x }"),
    `5:31: ${ROUTE}.match.headers["a b"]: name must be a name of a header field, like X-Env: current value is "a b"`,
  ],
  [
    "a header twice",
    withMatch("headers: { X-A: x, x-a: y }"),
    `5:39: ${ROUTE}.match.headers.x-a: name must differ from every other, whatever its case: current value is "x-a", first at weir.yaml:5:31`,
  ],
  [
    "a header value that is a number",
    withMatch("headers: { x: 1 }"),
    `${ROUTE}.match.headers.x: must be text: put it in quotes, like "1": current value is 1`,
  ],
  [
    "a query value that is a boolean",
    withMatch("query: { x: true }"),
    `${ROUTE}.match.query.x: must be text: put it in quotes, like "true": current value is true`,
  ],
  ["a query that is a text", withMatch("query: a=b"), "must be a mapping from names to text"],
  ["an unknown condition", withMatch("prefix: /a"), 'unknown key "prefix"'],
];

for (const [name, text, problem] of CASES) {
  Deno.test(`loadConfig() reports ${name}`, async () => {
    const problems = await problemsOf(text);

    assertStringIncludes(problems.join("\n"), problem);
    for (const line of problems) assert(line.startsWith("weir.yaml:"), line);
  });
}

Deno.test("loadConfig() reports each mistake of a route once", async () => {
  const text = withRoute(
    "match: { path: a, methods: [get] }, upstream: ap, rewrite: { strip_prefix: b }",
  );

  assert((await problemsOf(text)).length === 4, (await problemsOf(text)).join("\n"));
});
