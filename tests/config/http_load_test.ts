import { assert, assertEquals, assertLess } from "@std/assert";
import { formatExpanded } from "../../lib/config/expand.ts";
import type { HttpListenerConfig, RouteConfig } from "../../lib/config/types.ts";
import { configOf, loadText, withRoute } from "./support.ts";

/** The first listener, which must speak HTTP. */
async function httpListenerOf(text: string): Promise<HttpListenerConfig> {
  const [listener] = (await configOf(text)).listeners;
  assert(listener?.protocol === "http");
  return listener;
}

/** The route that stands on line 5. */
async function routeOf(route: string): Promise<RouteConfig> {
  const [first] = (await httpListenerOf(withRoute(route))).routes;
  assert(first !== undefined);
  return first;
}

const NO_CHANGES = { remove: [], set: [], add: [] };
const TO_APP = { kind: "forward", split: [{ upstream: "app", weight: 1 }] } as const;

Deno.test("loadConfig() fills in the defaults of an http listener", async () => {
  const listener = await httpListenerOf(`listeners:
  - { address: ":80", protocol: http, upstream: app }
upstreams:
  app: { backends: [{ address: "a:1" }] }
`);

  assertEquals<HttpListenerConfig>(listener, {
    name: ":80",
    address: { kind: "tcp", hostname: "::", port: 80 },
    protocol: "http",
    maxConnections: 10_000,
    routes: [{
      match: {},
      action: TO_APP,
      requestHeaders: NO_CHANGES,
      responseHeaders: NO_CHANGES,
    }],
    limits: { headBytes: 32_768, fieldCount: 100, bodyBytes: 0 },
    headerTimeoutMs: 10_000,
    bodyTimeoutMs: 30_000,
    idleTimeoutMs: 60_000,
    tunnelTimeoutMs: 3_600_000,
    trustedProxies: [],
  });
});

Deno.test("loadConfig() reads every setting of an http listener", async () => {
  const listener = await httpListenerOf(`listeners:
  - name: web
    address: 127.0.0.1:80
    protocol: http
    limits: { max_connections: 5, header_bytes: 1KiB, header_count: 7, body_bytes: 1MB }
    timeouts: { header: 1s, idle: 2s, body: 3s, tunnel: 4s }
    trusted_proxies: [10.0.0.0/8, "::1"]
    routes:
      - match:
          host: "*.Example.com."
          path: /a
          path_prefix: //b/%7ec/
          path_regex: ^/x
          methods: [GET, PURGE, GET]
          headers: { X-A: "1", x-b: "*" }
          query: { q: "a b" }
        upstream: app
        rewrite: { strip_prefix: /b, add_prefix: /c }
        request_headers: { set: { X-Env: prod }, add: { X-N: "1", x-m: "" }, remove: [X-Debug] }
        response_headers: { set: { Cache-Control: "no-store, private" }, remove: [Server] }
        timeout: 5s
upstreams:
  app: { backends: [{ address: "a:1" }] }
`);

  assertEquals<HttpListenerConfig>(listener, {
    name: "web",
    address: { kind: "tcp", hostname: "127.0.0.1", port: 80 },
    protocol: "http",
    maxConnections: 5,
    routes: [{
      match: {
        host: "*.example.com",
        path: "/a",
        pathPrefix: "/b/~c/",
        pathRegex: "^/x",
        methods: ["GET", "PURGE"],
        headers: { "x-a": "1", "x-b": "*" },
        query: { q: "a b" },
      },
      action: TO_APP,
      rewrite: { stripPrefix: "/b", addPrefix: "/c" },
      requestHeaders: {
        remove: ["x-debug"],
        set: [["X-Env", "prod"]],
        add: [["X-N", "1"], ["x-m", ""]],
      },
      responseHeaders: {
        remove: ["server"],
        set: [["Cache-Control", "no-store, private"]],
        add: [],
      },
      timeoutMs: 5000,
    }],
    limits: { headBytes: 1024, fieldCount: 7, bodyBytes: 1_000_000 },
    headerTimeoutMs: 1000,
    bodyTimeoutMs: 3000,
    idleTimeoutMs: 2000,
    tunnelTimeoutMs: 4000,
    trustedProxies: ["10.0.0.0/8", "::1"],
  });
});

Deno.test("loadConfig() reads every action of a route", async () => {
  const text = `listeners:
  - address: ":80"
    protocol: http
    routes:
      - { match: { path: /1 }, split: { a: 9, b: 1, c: 0 } }
      - { match: { path: /2 }, redirect: { location: "https://example.com/" } }
      - { match: { path: /3 }, redirect: { status: "302", location: /x?y#z } }
      - { match: { path: /4 }, respond: {} }
      - { match: { path: /5 }, respond: { status: 404, body: "no\\n", content_type: text/html } }
upstreams: { a: &a { backends: [{ address: "a:1" }] }, b: *a, c: *a }
`;

  assertEquals((await httpListenerOf(text)).routes.map(({ action }) => action), [
    { kind: "forward", split: [{ upstream: "a", weight: 9 }, { upstream: "b", weight: 1 }] },
    { kind: "redirect", status: 308, location: "https://example.com/" },
    { kind: "redirect", status: 302, location: "/x?y#z" },
    { kind: "respond", status: 200, body: "", contentType: "text/plain; charset=utf-8" },
    { kind: "respond", status: 404, body: "no\n", contentType: "text/html" },
  ]);
});

Deno.test("loadConfig() puts a listener's own upstream behind all routes", async () => {
  const { routes } = await httpListenerOf(withRoute("match: { path: /a }, respond: {}"));

  assertEquals(routes.map(({ match, action }) => [match, action.kind]), [
    [{ path: "/a" }, "respond"],
    [{}, "forward"],
  ]);
});

const HOSTS: readonly [text: string, host: string][] = [
  ["API.Example.COM", "api.example.com"],
  ["example.com.", "example.com"],
  ["localhost", "localhost"],
  ["10.0.0.1", "10.0.0.1"],
  ['"[::1]"', "[::1]"],
  ['"0:0::1"', "[::1]"],
  ['"*.a.b"', "*.a.b"],
];

for (const [text, host] of HOSTS) {
  Deno.test(`loadConfig() reads the host ${text} of a route`, async () => {
    assertEquals((await routeOf(`match: { host: ${text} }, upstream: app`)).match.host, host);
  });
}

const PATHS: readonly [text: string, path: string][] = [
  ["/a b", "/a%20b"],
  ["/café", "/caf%C3%A9"],
  ["/%61/../b", "/b"],
  ['"/{id}"', "/%7Bid%7D"],
  ["/a;b=1,2", "/a;b=1,2"],
];

for (const [text, path] of PATHS) {
  Deno.test(`loadConfig() reads the path ${text} of a route in its normal form`, async () => {
    assertEquals(
      (await routeOf(`match: { path: "${text.replaceAll('"', "")}" }, upstream: app`)).match.path,
      path,
    );
  });
}

Deno.test("loadConfig() has no sticky section without a cookie, and an empty secret without one", async () => {
  const upstreams = "upstreams:\n  app:\n    backends: [{ address: 'a:1' }]\n";
  const text = `listeners: [{ address: ":1", upstream: app }]\n${upstreams}`;
  const stickyOf = async (sticky: string) => {
    return (await configOf(`${text}    sticky: ${sticky}\n`)).upstreams[0]?.sticky;
  };

  assertEquals(await stickyOf("{}"), undefined);
  assertEquals(await stickyOf("{ cookie: null, ttl: 5m }"), undefined);
  assertEquals(await stickyOf("{ cookie: sid }"), { cookie: "sid", ttlMs: 3_600_000, secret: "" });
});

Deno.test("formatExpanded() writes an http listener as the same configuration", async () => {
  const result = await loadText(
    withRoute('match: { path_regex: "^/\\\\d{1,2}$" }, split: { app: 2 }, timeout: 1s'),
  );

  assert(result.ok, JSON.stringify(result));
  assertEquals(await configOf(formatExpanded(result.expanded)), result.config);
});

Deno.test("loadConfig() takes time in proportion to routes, and finds one that is never reached", async () => {
  const textWith = (count: number) => {
    const routes = Array.from({ length: count }, (_, index) => {
      const host = `h${index % (count - 1)}.test`;
      return `      - { match: { host: ${host}, path_prefix: /a }, upstream: app }\n`;
    });
    return withRoute("respond: {}").replace("      - { respond: {} }\n", routes.join(""));
  };
  const timeOf = async (count: number) => {
    const text = textWith(count);
    const startMs = performance.now();
    const result = await loadText(text);
    assert(result.ok);
    assertEquals(result.warnings.length, 1);
    return performance.now() - startMs;
  };
  await timeOf(500);

  const few = Math.min(await timeOf(500), await timeOf(500));
  const many = Math.min(await timeOf(5000), await timeOf(5000));

  // Ten times as many: in proportion to their square it would be a hundred times.
  assertLess(many, 40 * few);
});
