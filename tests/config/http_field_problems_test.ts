import { assert, assertStringIncludes } from "@std/assert";
import { MINIMAL, problemsOf, withRoute } from "./support.ts";

/** A route to the upstream with `setting` beside it. */
const withSetting = (setting: string) => withRoute(`upstream: app, ${setting}`);
const withUpstream = (setting: string) => `${MINIMAL}    ${setting}\n`;

const ROUTE = "listeners[0].routes[0]";

const CASES: readonly [name: string, text: string, problem: string][] = [
  // Rewrite and header fields
  [
    "a prefix to strip without a slash",
    withSetting("rewrite: { strip_prefix: v1 }"),
    `${ROUTE}.rewrite.strip_prefix: must be a path that starts with /`,
  ],
  [
    "a prefix to add with two slashes",
    withSetting("rewrite: { add_prefix: //evil }"),
    `${ROUTE}.rewrite.add_prefix: must have no empty segment "//"`,
  ],
  [
    "a prefix to add that leads up",
    withSetting("rewrite: { add_prefix: /a/../b }"),
    'must have no segment "." or ".."',
  ],
  [
    "a field that is no token",
    withSetting("request_headers: { set: { 'x:': y } }"),
    `${ROUTE}.request_headers.set["x:"]: name must be a name of a header field`,
  ],
  [
    "a value with a line break",
    withSetting('response_headers: { add: { x: "a\\r\\nb" } }'),
    `5:56: ${ROUTE}.response_headers.add.x: must have no control characters: current value is "a\\r\\nb"`,
  ],
  [
    "a value with NUL",
    withSetting('request_headers: { set: { x: "\\0" } }'),
    "no control characters",
  ],
  [
    "a value with spaces around it",
    withSetting('request_headers: { set: { x: " a" } }'),
    "must have no spaces around it",
  ],
  [
    "a value beyond ASCII",
    withSetting("request_headers: { set: { x: ü } }"),
    'must be text of printable ASCII characters: current value is "ü"',
  ],
  [
    "a field to remove that is no token",
    withSetting("request_headers: { remove: ['a b'] }"),
    `${ROUTE}.request_headers.remove[0]: must be a name of a header field, like X-Env`,
  ],
  [
    "a field that frames messages, set",
    withSetting("request_headers: { set: { Content-Length: '0' } }"),
    `5:52: ${ROUTE}.request_headers.set.Content-Length: must be no field that frames messages, which Weir writes itself`,
  ],
  [
    "a field that frames messages, added",
    withSetting("response_headers: { add: { transfer-encoding: chunked } }"),
    "must be no field that frames messages",
  ],
  [
    "a field that frames messages, removed",
    withSetting("response_headers: { remove: [Connection] }"),
    `${ROUTE}.response_headers.remove[0]: must be no field that frames messages`,
  ],
  [
    "a Host that is removed",
    withSetting("request_headers: { remove: [host] }"),
    "must not be Host, which every request has: set it to change it",
  ],
  [
    "a second Host",
    withSetting("request_headers: { add: { Host: a } }"),
    "must not be Host, which a request has only once: set it to change it",
  ],
  [
    "a Host that is none",
    withSetting("request_headers: { set: { Host: 'a b' } }"),
    'must be a host, like example.com or example.com:8080: current value is "a b"',
  ],
  ["an empty Host", withSetting("request_headers: { set: { host: '' } }"), "must be a host, like"],

  // Upstreams
  [
    "an unknown retry condition",
    withUpstream("retry: { on: [connect, refuse] }"),
    '8:28: upstreams.app.retry.on[1]: must be one of "connect", "reset", "timeout"',
  ],
  [
    "a budget that is a number",
    withUpstream("retry: { budget: 0.25 }"),
    "8:22: upstreams.app.retry.budget: must be a percentage, like 25%: current value is 0.25",
  ],
  ["a whole budget", withUpstream("retry: { budget: 20 }"), "must be a percentage, like 20%"],
  [
    "a budget above all",
    withUpstream("retry: { budget: 101% }"),
    'must be a percentage from 0% to 100%: current value is "101%"',
  ],
  [
    "no connections to a backend",
    withUpstream("pool: { max_active: 0 }"),
    "8:25: upstreams.app.pool.max_active: must be a whole number from 1 to 1000000: current value is 0",
  ],
  [
    "more warm connections than may be idle",
    withUpstream("pool: { max_idle: 5, warm: 6 }"),
    "8:32: upstreams.app.pool.warm: must be at most max_idle, 5: current value is 6",
  ],
  [
    "more warm connections than the default",
    withUpstream("pool: { warm: 101 }"),
    "must be at most max_idle, 100: current value is 101",
  ],
  ["a lifetime of zero", withUpstream("pool: { max_lifetime: 0s }"), "must be longer than zero"],
  [
    "a response timeout of zero",
    withUpstream("response_timeout: 0s"),
    "8:23: upstreams.app.response_timeout: must be longer than zero",
  ],
  [
    "a cookie that is no token",
    withUpstream("sticky: { cookie: 'a;b' }"),
    '8:23: upstreams.app.sticky.cookie: must be a name of a cookie, like weir, or null: current value is "a;b"',
  ],
];

for (const [name, text, problem] of CASES) {
  Deno.test(`loadConfig() reports ${name}`, async () => {
    const problems = await problemsOf(text);

    assertStringIncludes(problems.join("\n"), problem);
    for (const line of problems) assert(line.startsWith("weir.yaml:"), line);
  });
}

Deno.test("loadConfig() reports a short secret without showing it", async () => {
  const problems = (await problemsOf(withUpstream("sticky: { secret: hunter2 }"))).join("\n");

  assertStringIncludes(
    problems,
    "8:23: upstreams.app.sticky.secret: must be text of at least 16 characters",
  );
  assert(!problems.includes("hunter2"));
});
