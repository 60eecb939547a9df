import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { formatProblem, formatProblems, type Problem } from "../../lib/config/load.ts";
import { loadText, MINIMAL, problemsOf } from "./support.ts";

/** A configuration with one listener, one upstream, and `text` in place of a part. */
const withListener = (text: string) => MINIMAL.replace(`address: ":8080"`, text);
const withBackend = (text: string) => MINIMAL.replace("address: 127.0.0.1:8081", text);
const withUpstream = (text: string) => `${MINIMAL}    ${text}\n`;
const withTop = (text: string) => `${text}\n${MINIMAL}`;

const CASES: readonly [name: string, text: string, problem: string][] = [
  [
    "an unknown key",
    withUpstream("algoritm: x"),
    `8:5: upstreams.app.algoritm: unknown key "algoritm": did you mean "algorithm"?`,
  ],
  [
    "an unknown key that is like no other",
    withTop("tls: {}"),
    `1:1: tls: unknown key "tls": known keys are workers,`,
  ],
  [
    "__proto__ as a key",
    withTop("__proto__: { a: 1 }"),
    `1:1: __proto__: key must not be "__proto__"`,
  ],
  [
    "a nested __proto__ key",
    withBackend("__proto__: 1"),
    `7:9: upstreams.app.backends[0].__proto__: key must not`,
  ],
  [
    "a wrong type of section",
    withTop("log: text"),
    `1:6: log: must be a mapping with the keys level, format, file: current value is "text"`,
  ],
  [
    "an empty section",
    withTop("log:"),
    `1:5: log: must be a mapping with the keys level, format, file: current value is null`,
  ],
  [
    "a list in place of a mapping",
    withUpstream("retry: [1]"),
    `8:12: upstreams.app.retry: must be a mapping with the keys attempts: current value is [1]`,
  ],
  [
    "a mapping in place of a list",
    "listeners: {}",
    `1:12: listeners: must be a list: current value is {}`,
  ],
  [
    "a wrong boolean",
    withTop("sandbox: yes"),
    `1:10: sandbox: must be true or false: current value is "yes"`,
  ],
  [
    "no workers",
    withTop("workers: 0"),
    `1:10: workers: must be "auto" or a whole number from 1 to 256: current value is 0`,
  ],
  ["too many workers", withTop("workers: 257"), `current value is 257`],
  ["a fraction of workers", withTop("workers: 1.5"), `current value is 1.5`],
  [
    "a duration without a unit",
    withTop("shutdown_timeout: 30"),
    `1:19: shutdown_timeout: must have a unit, like 30s: current value is 30`,
  ],
  [
    "a duration of zero",
    withUpstream("connect_timeout: 0s"),
    `8:22: upstreams.app.connect_timeout: must be longer than zero: current value is "0s"`,
  ],
  [
    "a duration beyond timers",
    withUpstream("connect_timeout: 577h"),
    `must be at most 576h (24 days)`,
  ],
  [
    "a duration that is a list",
    withUpstream("connect_timeout: [1s]"),
    `must be a duration, like 250ms`,
  ],
  [
    "a wrong log level",
    withTop("log: { level: infos }"),
    `1:15: log.level: must be one of "debug", "info", "warning", "error": did you mean "info"?: current value is "infos"`,
  ],
  [
    "a log file that is no text",
    withTop("log: { file: 5 }"),
    `1:14: log.file: must be a path of a file, or null: current value is 5`,
  ],
  [
    "an admin address for all to see",
    withTop(`admin: { address: ":9090" }`),
    `1:19: admin.address: must be an IP address of the loopback interface, like 127.0.0.1:9090: current value is ":9090"`,
  ],
  [
    "an admin address by name",
    withTop(`admin: { address: "localhost:9090" }`),
    `must be an IP address of the loopback`,
  ],
  [
    "an admin address on a socket",
    withTop(`admin: { address: "unix:/run/x" }`),
    `must be an IP address of the loopback`,
  ],
  [
    "an admin section without an address",
    withTop("admin: {}"),
    `1:1: admin.address: is required: must be a loopback address`,
  ],
  [
    "an admin address that a listener has",
    withTop(`admin: { address: "127.0.0.1:8080" }`),
    `1:19: admin.address: must differ from every listener: current value is "127.0.0.1:8080", first at weir.yaml:3:14`,
  ],
  [
    "port 0",
    withListener(`address: ":0"`),
    `2:14: listeners[0].address: port must be a whole number from 1 to 65535: current value is ":0"`,
  ],
  [
    "port 70000",
    withListener(`address: ":70000"`),
    `port must be a whole number from 1 to 65535: current value is ":70000"`,
  ],
  [
    "port abc",
    withListener(`address: ":abc"`),
    `port must be a whole number from 1 to 65535: current value is ":abc"`,
  ],
  [
    "an address that is a number",
    withListener("address: 8080"),
    `2:14: listeners[0].address: must be an address, like :8080, 127.0.0.1:8080, [::1]:8080 or unix:/run/weir.sock: current value is 8080`,
  ],
  [
    "an address without brackets",
    withListener(`address: "::1:80"`),
    `an IPv6 address needs brackets`,
  ],
  [
    "a listener without an address",
    withListener("name: x"),
    `2:5: listeners[0].address: is required: must be an address`,
  ],
  [
    "an HTTP listener",
    withListener(`{ address: ":1", protocol: http, upstream: app }`).replace(
      "\n    upstream: app",
      "",
    ),
    `protocol: must be "tcp": http comes in a later version: current value is "http"`,
  ],
  [
    "an unknown protocol",
    withListener(`address: ":1"\n    protocol: udp`),
    `3:15: listeners[0].protocol: must be "tcp": current value is "udp"`,
  ],
  [
    "a name with a space",
    withListener(`address: ":1"\n    name: a b`),
    `3:11: listeners[0].name: must be 1 to 128 printable characters without spaces`,
  ],
  ["a name that is a number", withListener(`address: ":1"\n    name: 7`), `current value is 7`],
  [
    "a name with a control character",
    withListener(`address: ":1"\n    name: "a\\u0007"`),
    `must be 1 to 128 printable characters`,
  ],
  [
    "a name with NUL",
    withListener(`address: ":1"\n    name: "a\\0"`),
    `must be 1 to 128 printable characters`,
  ],
  [
    "a name that is too long",
    withListener(`address: ":1"\n    name: ${"n".repeat(129)}`),
    `must be 1 to 128 printable characters`,
  ],
  [
    "no connections",
    withListener(`address: ":1"\n    limits: { max_connections: 0 }`),
    `3:32: listeners[0].limits.max_connections: must be a whole number from 1 to 10000000: current value is 0`,
  ],
  [
    "an unknown upstream",
    MINIMAL.replace("upstream: app", "upstream: ap"),
    `3:15: listeners[0].upstream: must be the name of an upstream: did you mean "app"?: current value is "ap"`,
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
    MINIMAL.replace(/backends:[^]*$/, "algorithm: random\n"),
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
    `8:16: upstreams.app.algorithm: must be one of round_robin, least_connections`,
  ],
  [
    "an algorithm that is nearly known",
    withUpstream("algorithm: least_con"),
    `did you mean "least_conn"?: current value is "least_con"`,
  ],
  [
    "an unknown health check",
    withUpstream("health_check: { type: icmp }"),
    `8:27: upstreams.app.health_check.type: must be one of "tcp", "none": current value is "icmp"`,
  ],
  [
    "a health check that never fails",
    withUpstream("health_check: { fall: 0 }"),
    `must be a whole number from 1 to 1000: current value is 0`,
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

Deno.test("loadConfig() reports listeners that share an address, under any spelling", async () => {
  for (const [first, second] of [[":80", "[::]:80"], ["0.0.0.0:80", ":80"], ["a:80", "A:80"]]) {
    const text = MINIMAL.replace(
      /listeners:[^]*upstreams/,
      `listeners:\n  - { address: "${first}", upstream: app, name: a }\n` +
        `  - { address: "${second}", upstream: app, name: b }\nupstreams`,
    );

    const expected =
      "weir.yaml:3:16: listeners[1].address: must differ from every other listener: " +
      `current value is "${second}", first at weir.yaml:2:16`;
    assertEquals(await problemsOf(text), [expected]);
  }
});

Deno.test("loadConfig() reports listeners that share a name", async () => {
  const text = MINIMAL.replace(
    /listeners:[^]*upstreams/,
    `listeners:\n  - { address: ":1", upstream: app }\n` +
      `  - { address: ":2", upstream: app, name: ":1" }\nupstreams`,
  );

  assertEquals(await problemsOf(text), [
    "weir.yaml:3:43: listeners[1].name: name must differ from every other listener: " +
    `current value is ":1", first at weir.yaml:2:16`,
  ]);
});

Deno.test("loadConfig() reports backends that are the same server or share a name", async () => {
  const text = MINIMAL + `      - { address: "127.0.0.1:8081" }
      - { address: "a:1", name: x }
      - { address: "b:1", name: x }
`;

  const wanted = "must differ from every other backend of the upstream: current value is";
  assertEquals(await problemsOf(text), [
    `weir.yaml:8:20: upstreams.app.backends[1].address: ${wanted} "127.0.0.1:8081", first at weir.yaml:7:18`,
    `weir.yaml:10:33: upstreams.app.backends[3].name: ${wanted} "x", first at weir.yaml:9:33`,
  ]);
});

Deno.test("loadConfig() reports mistakes of every kind in one go, in the order of the text", async () => {
  const text = `workers: 0
admin: { address: 127.0.0.1:9090, address: 127.0.0.1:9091 }
listeners: [{ address: ":1", upstream: nope, "colour": red }]
upstreams:
  app:
    backends: [{ address: "\${UNSET}:1", weight: x }]
    algorithm: maglev
    backends: [{ address: "\${UNSET}:1", weight: x }]
`;

  const problems = await problemsOf(text);

  assertEquals(problems.map((line) => line.split(": ").slice(0, 2).join(" ")), [
    "weir.yaml:1:10 workers",
    "weir.yaml:2:35 admin.address",
    "weir.yaml:3:40 listeners[0].upstream",
    "weir.yaml:3:46 listeners[0].colour",
    "weir.yaml:7:16 upstreams.app.algorithm",
    "weir.yaml:8:5 upstreams.app.backends",
    "weir.yaml:8:27 upstreams.app.backends[0].address",
    "weir.yaml:8:27 upstreams.app.backends[0].address",
    "weir.yaml:8:49 upstreams.app.backends[0].weight",
  ]);
});

Deno.test("loadConfig() lists every duplicate key with the place of the first", async () => {
  const text = `${MINIMAL}        "address": "b:1"\n    backends: []\nworkers: 1\nworkers: 2\n`;

  const problems = await problemsOf(text);

  assertEquals(problems.filter((line) => line.includes("duplicate key")), [
    `weir.yaml:8:9: upstreams.app.backends[0].address: duplicate key "address", first at weir.yaml:7:9`,
    `weir.yaml:9:5: upstreams.app.backends: duplicate key "backends", first at weir.yaml:6:5`,
    `weir.yaml:11:1: workers: duplicate key "workers", first at weir.yaml:10:1`,
  ]);
});

Deno.test("loadConfig() cuts long current values short", async () => {
  const [line = ""] = await problemsOf(`workers: [${"12345, ".repeat(1000)}0]\n${MINIMAL}`);

  assertStringIncludes(line, "current value is [12345,12345,");
  assert(line.length < 180, line);
});

Deno.test("formatProblems() stops after its limit and counts the rest", () => {
  const problem: Problem = { file: "f", line: 1, column: 2, path: "a", message: "wrong" };

  const lines = formatProblems(Array.from({ length: 105 }, () => problem));

  assertEquals(lines.length, 101);
  assertEquals(lines[0], "f:1:2: a: wrong");
  assertEquals(lines[100], "and 5 more problems");
});

Deno.test("formatProblem() leaves out what is not known", () => {
  assertEquals(formatProblem({ file: "f", path: "", message: "wrong" }), "f: wrong");
});

Deno.test("loadConfig() reports no place that is outside of the text", async () => {
  const result = await loadText(`${MINIMAL}    x: 1\n  y:`);

  assert(!result.ok);
  for (const { line = 0 } of result.problems) assert(line >= 1 && line <= 9);
});
