import { assert, assertStringIncludes } from "@std/assert";
import { MINIMAL, problemsOf } from "./support.ts";

/** A right configuration with `text` in place of one part. */
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
    `1:6: log: must be a mapping with the keys level, levels, format, file: current value is "text"`,
  ],
  [
    "an empty section",
    withTop("log:"),
    `1:5: log: must be a mapping with the keys level, levels, format, file: current value is null`,
  ],
  [
    "a list in place of a mapping",
    withUpstream("retry: [1]"),
    `8:12: upstreams.app.retry: must be a mapping with the keys attempts, on, budget: current value is [1]`,
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
    `1:15: log.level: must be one of "debug", "info", "warning", "error" (did you mean "info"?): current value is "infos"`,
  ],
  [
    "a log file that is no text",
    withTop("log: { file: 5 }"),
    `1:14: log.file: must be a path of a file, or null: current value is 5`,
  ],
  [
    "a congestion control algorithm of no such form",
    withTop("tcp: { congestion_control: BBR v3 }"),
    `1:28: tcp.congestion_control: must be a name of lower-case letters, digits and _, like bbr, or null: current value is "BBR v3"`,
  ],
  [
    "an admin address for all to see, without a token",
    withTop(`admin: { address: ":9090" }`),
    `1:1: admin.token_file: is required, because [::] can be reached from elsewhere`,
  ],
  [
    "an admin address by a name of this machine, without a token",
    withTop(`admin: { address: "box.internal:9090", token_file: null }`),
    `admin.token_file: is required, because box.internal can be reached from elsewhere`,
  ],
  [
    "an admin address on a socket",
    withTop(`admin: { address: "unix:/run/x" }`),
    `must be a TCP address`,
  ],
  [
    "an admin section without an address",
    withTop("admin: {}"),
    `1:1: admin.address: is required: must be an address, like 127.0.0.1:9090`,
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
    "an unknown protocol",
    withListener(`address: ":1"\n    protocol: udp`),
    `3:15: listeners[0].protocol: must be one of "tcp", "http": current value is "udp"`,
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
];

for (const [name, text, problem] of CASES) {
  Deno.test(`loadConfig() reports ${name}`, async () => {
    const problems = await problemsOf(text);

    assertStringIncludes(problems.join("\n"), problem);
    for (const line of problems) assert(line.startsWith("weir.yaml:"), line);
  });
}
