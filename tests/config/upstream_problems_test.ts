import { assert, assertStringIncludes } from "@std/assert";
import { MINIMAL, problemsOf } from "./support.ts";

/** A right configuration with `text` in place of one part. */
const withListener = (text: string) => MINIMAL.replace(`address: ":8080"`, text);
const withBackend = (text: string) => MINIMAL.replace("address: 127.0.0.1:8081", text);
const withUpstream = (text: string) => `${MINIMAL}    ${text}\n`;

const CASES: readonly [name: string, text: string, problem: string][] = [
  [
    "an unknown upstream",
    MINIMAL.replace("upstream: app", "upstream: ap"),
    `3:15: listeners[0].upstream: must be the name of an upstream (did you mean "app"?): current value is "ap"`,
  ],
  [
    "an upstream name with a space",
    MINIMAL.replace("  app:", `  "a b":`).replace("upstream: app", "upstream: a"),
    `5:3: upstreams["a b"]: name must be 1 to 128 printable characters`,
  ],
  [
    "no backends",
    MINIMAL.replace(/backends:[^]*$/, "backends: []\n"),
    `6:15: upstreams.app.backends: must have at least one backend: current value is []`,
  ],
  [
    "missing backends",
    MINIMAL.replace(/backends:[^]*$/, "algorithm: magic\n"),
    `5:3: upstreams.app.backends: is required: must be a list`,
  ],
  [
    "no listeners",
    MINIMAL.replace(/listeners:[^]*upstreams/, "listeners: []\nupstreams"),
    `1:12: listeners: must have at least one listener: current value is []`,
  ],
  [
    "missing listeners",
    MINIMAL.replace(/listeners:[^]*upstreams/, "upstreams"),
    `1:1: listeners: must have at least one listener`,
  ],
  [
    "no upstreams",
    MINIMAL.replace(/upstreams:[^]*$/, "upstreams: {}\n"),
    `4:12: upstreams: must have at least one upstream: current value is {}`,
  ],
  [
    "a negative weight",
    withBackend(`address: "a:1"\n        weight: -1`),
    `8:17: upstreams.app.backends[0].weight: must be a whole number from 0 to 65535: current value is -1`,
  ],
  [
    "a fractional weight",
    withBackend(`address: "a:1"\n        weight: 0.5`),
    `current value is 0.5`,
  ],
  [
    "a weight that is too large",
    withBackend(`address: "a:1"\n        weight: 65536`),
    `current value is 65536`,
  ],
  [
    "a weight that is not a number",
    withBackend(`address: "a:1"\n        weight: .nan`),
    `current value is NaN`,
  ],
  [
    "a backend without a host",
    withBackend(`address: ":8081"`),
    `7:18: upstreams.app.backends[0].address: must name a host, like 127.0.0.1:8081: current value is ":8081"`,
  ],
  [
    "a backend without a port",
    withBackend(`address: localhost`),
    `must be HOST:PORT, :PORT or unix:/path: current value is "localhost"`,
  ],
  [
    "an unknown algorithm",
    withUpstream("algorithm: round_robbin"),
    `8:16: upstreams.app.algorithm: must be one of round_robin, weighted_round_robin, least_connections`,
  ],
  [
    "an algorithm that is nearly known",
    withUpstream("algorithm: least_con"),
    `(did you mean "least_conn"?): current value is "least_con"`,
  ],
  [
    "an unknown health check",
    withUpstream("health_check: { type: icmp }"),
    `8:27: upstreams.app.health_check.type: must be one of "tcp", "http", "none": current value is "icmp"`,
  ],
  [
    "a health check that never fails",
    withUpstream("health_check: { fall: 0 }"),
    `must be a whole number from 1 to 1000: current value is 0`,
  ],
  [
    "statuses that are none",
    withUpstream("health_check: { type: http, expect_status: 399-200 }"),
    `8:48: upstreams.app.health_check.expect_status: must be statuses from 100 to 599, like 200-399`,
  ],
  [
    "an empty list of statuses",
    withUpstream("health_check: { type: http, expect_status: [] }"),
    `or [200, 301-308]: current value is []`,
  ],
  [
    "a path of a check with a space",
    withUpstream('health_check: { type: http, path: "/a b" }'),
    `health_check.path: must be a path that starts with /, with or without a query`,
  ],
  [
    "a host of a check with a path",
    withUpstream("health_check: { type: http, host: a/b }"),
    `health_check.host: must be a host, like example.com`,
  ],
  [
    "a path of a check that sends no request",
    withUpstream("health_check: { path: /health }"),
    `8:21: upstreams.app.health_check.path: must stand beside type http: current type is "tcp"`,
  ],
  [
    "text that a request would not send",
    withUpstream("health_check: { type: http, send: PING }"),
    `health_check.send: must stand beside type tcp: current type is "http"`,
  ],
  [
    "a phi threshold that nothing goes by",
    withUpstream("health_check: { phi_threshold: 8 }"),
    `must stand beside detector phi_accrual: current detector is "threshold"`,
  ],
  [
    "a number of failed checks that nothing goes by",
    withUpstream("health_check: { detector: phi_accrual, fall: 3 }"),
    `must stand beside detector threshold: current detector is "phi_accrual"`,
  ],
  [
    "a fast interval that is slower",
    withUpstream("health_check: { interval: 1s, fast_interval: 2s }"),
    `health_check.fast_interval: must be at most interval, 1s: current value is "2s"`,
  ],
  [
    "a body of an answer that has none",
    withUpstream("health_check: { type: http, method: HEAD, expect_body: ok }"),
    `health_check.expect_body: must stand beside another method than HEAD`,
  ],
  [
    "a Host among the fields of a check",
    withUpstream("health_check: { type: http, headers: { HOST: a } }"),
    `health_check.headers.HOST: must not be Host: set host instead`,
  ],
  [
    "a framing field in a check",
    withUpstream('health_check: { type: http, headers: { content-length: "1" } }'),
    `health_check.headers.content-length: must be no field that frames messages`,
  ],
  [
    "a regular expression that may take for ever",
    withUpstream('health_check: { type: http, expect_body_regex: "(a+)+" }'),
    `must not repeat a group that holds another repetition`,
  ],
  [
    "negative retries",
    withUpstream("retry: { attempts: -1 }"),
    `must be a whole number from 0 to 100: current value is -1`,
  ],
  [
    "a date in place of a text",
    withListener("address: 2001-01-01"),
    `current value is "2001-01-01T00:00:00.000Z"`,
  ],
];

for (const [name, text, problem] of CASES) {
  Deno.test(`loadConfig() reports ${name}`, async () => {
    const problems = await problemsOf(text);

    assertStringIncludes(problems.join("\n"), problem);
    for (const line of problems) assert(line.startsWith("weir.yaml:"), line);
  });
}
