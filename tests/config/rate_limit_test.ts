import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { configOf, problemsOf } from "./support.ts";

function withLimit(limit: string, protocol = "http"): string {
  return `listeners:
  - address: ":80"
    protocol: ${protocol}
    upstream: app
    rate_limit: ${limit}
upstreams:
  app: { backends: [{ address: "a:1" }] }
`;
}

Deno.test("loadConfig() fills in the defaults of a rate limit", async () => {
  const [listener] = (await configOf(withLimit("{ requests: 7 }"))).listeners;

  assertEquals(listener?.rateLimit, {
    requests: 7,
    perMs: 1000,
    burst: 7,
    key: { kind: "client_ip" },
  });
});

Deno.test("loadConfig() reads a rate limit of a route", async () => {
  const text = `listeners:
  - address: ":80"
    protocol: http
    routes:
      - upstream: app
        rate_limit: { requests: 10, per: 1m, burst: 20, key: "header:X-Api-Key" }
      - { upstream: app, rate_limit: { requests: 1, key: "cookie:Id" } }
upstreams:
  app: { backends: [{ address: "a:1" }] }
`;
  const [listener] = (await configOf(text)).listeners;

  assert(listener?.protocol === "http");
  assertEquals(listener.rateLimit, undefined);
  assertEquals(listener.routes.map(({ rateLimit }) => rateLimit), [
    { requests: 10, perMs: 60_000, burst: 20, key: { kind: "header", name: "x-api-key" } },
    { requests: 1, perMs: 1000, burst: 1, key: { kind: "cookie", name: "Id" } },
  ]);
});

const PROBLEMS: readonly [text: string, problem: string][] = [
  [withLimit("{ per: 1s }"), "rate_limit.requests: is required: must be a whole number"],
  [withLimit("{ requests: 0 }"), "rate_limit.requests: must be a whole number from 1 to 1000000"],
  [withLimit("{ requests: 1, per: 0s }"), "rate_limit.per: must be longer than zero"],
  [withLimit("{ requests: 1, burst: 0 }"), "rate_limit.burst: must be a whole number from 1"],
  [withLimit("{ requests: 1, key: path }"), "rate_limit.key: must be client_ip, header:NAME or"],
  [withLimit('{ requests: 1, key: "header:a b" }'), "rate_limit.key: must be client_ip,"],
  [withLimit("{ requests: 1, scope: local }"), 'rate_limit.scope: unknown key "scope"'],
  [
    withLimit('{ requests: 1, key: "header:a" }', "tcp"),
    'rate_limit.key: must be client_ip, because this is a TCP listener: current value is "header:a"',
  ],
];

for (const [text, problem] of PROBLEMS) {
  Deno.test(`loadConfig() reports ${problem}`, async () => {
    assertStringIncludes((await problemsOf(text)).join("\n"), problem);
  });
}
