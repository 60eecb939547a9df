import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import type { HttpListenerConfig, RouteAction, RouteConfig } from "../../lib/config/types.ts";
import type { HttpUpstream } from "../../lib/proxy/http_route.ts";
import { buildHttpFront } from "../../lib/runtime/http_front.ts";
import { tcp } from "../support/configs.ts";
import { get, HttpBench, ok } from "../support/memory_http.ts";
import { seededRandom } from "../support/seeded_random.ts";

const NO_CHANGES = { remove: [], set: [], add: [] } as const;

function front(actions: readonly RouteAction[], trustedProxies: readonly string[] = []) {
  using b = new HttpBench();
  const names = ["app", "a", "b", "c"];
  const upstreams = new Map<string, HttpUpstream>();
  for (const name of names) upstreams.set(name, { ...b.parts.http });
  const routes = actions.map((action, index): RouteConfig => ({
    match: { path: `/${index}` },
    action,
    requestHeaders: NO_CHANGES,
    responseHeaders: NO_CHANGES,
  }));
  const config: HttpListenerConfig = {
    name: "front",
    protocol: "http",
    address: tcp(80),
    maxConnections: 1,
    tunnelTimeoutMs: 1,
    routes,
    limits: { headBytes: 1000, fieldCount: 10, bodyBytes: 0 },
    headerTimeoutMs: 1,
    bodyTimeoutMs: 1,
    idleTimeoutMs: 1,
    trustedProxies,
  };
  const random = seededRandom(5);
  const built = buildHttpFront({ config, index: 0, upstreams, thread: b.thread, random });
  const nameOf = (upstream: HttpUpstream) =>
    names.find((name) => upstreams.get(name) === upstream) ?? "";
  const ask = (path: string) =>
    built.route({
      method: "GET",
      host: "h",
      path,
      query: undefined,
      fields: { get: () => undefined },
    });
  return { built, nameOf, ask };
}

Deno.test("buildHttpFront() draws upstreams by their shares, and never one without a share", () => {
  const split = [
    { upstream: "a", weight: 1 },
    { upstream: "b", weight: 0 },
    { upstream: "c", weight: 3 },
  ];
  const { ask, nameOf } = front([{ kind: "forward", split }]);
  const counts: Record<string, number> = { a: 0, b: 0, c: 0 };

  for (let i = 0; i < 4000; i++) {
    const action = ask("/0")?.action;
    if (action?.kind === "forward") counts[nameOf(action.upstream())]!++;
  }

  assertEquals([counts["b"], Math.round(counts["a"]! / 100)], [0, 10]);
});

Deno.test("buildHttpFront() has no route for what matches none", () => {
  const { ask } = front([{ kind: "respond", status: 200, body: "", contentType: "" }]);

  assertEquals(ask("/1"), undefined);
});

Deno.test("buildHttpFront() makes answers of redirects and of fixed bodies", () => {
  const { ask } = front([
    { kind: "redirect", status: 301, location: "/new" },
    { kind: "respond", status: 418, body: "tea", contentType: "text/plain" },
  ]);

  assertEquals(ask("/0")?.action, {
    kind: "answer",
    answer: { status: 301, reason: "redirect", fields: [["Location", "/new"]] },
  });
  assertEquals(ask("/1")?.action, {
    kind: "answer",
    answer: {
      status: 418,
      reason: "route",
      body: { text: "tea", contentType: "text/plain" },
      fields: [],
    },
  });
});

Deno.test("buildHttpFront() refuses an upstream that is not there, and an empty split", () => {
  const lost = [{ upstream: "lost", weight: 1 }];

  assertThrows(() => front([{ kind: "forward", split: lost }]), TypeError, '"lost"');
  assertThrows(() => front([{ kind: "forward", split: [] }]), TypeError, "empty");
});

Deno.test("buildHttpFront() trusts the networks it is told and no others", () => {
  const { built } = front([], ["10.0.0.0/8", "::1"]);

  const trusted = ["10.1.2.3", "::1", "11.0.0.1", "::2"].map(built.isTrusted);

  assertEquals(trusted, [true, true, false, false]);
});

Deno.test("buildHttpFront() makes no request id twice", () => {
  const { built } = front([]);

  const ids = Array.from({ length: 1000 }, built.nextRequestId);

  assertEquals(new Set(ids).size, 1000);
  for (const id of ids) assertMatch(id, /^[0-9a-f]{16}-[0-9a-f]+$/);
});

Deno.test("HttpFront answers 503 when no backend is up, and counts it", async () => {
  using b = new HttpBench();
  b.upstream.setHealth("b0", false);
  const client = b.connect();

  await client.say(get());
  const heard = await client.hear();

  assertStringIncludes(heard, "HTTP/1.1 503 ");
  assertStringIncludes(heard, "X-Weir-Reason: no_backend\r\n");
  assertEquals([b.counted("noBackend"), b.answers], [1, { 503: 1 }]);
  b.upstream.setHealth("b0", true);
  await client.say(get());
  await (await b.take()).say(ok("back"));
  assertStringIncludes(await client.hear(), "back");
  await client.close();
  assertEquals(await b.leftovers(), []);
});
