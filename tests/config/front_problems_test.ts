import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadConfigText } from "../../lib/config/load.ts";
import { CidrSet } from "../../lib/core/cidr_set.ts";
import { configOf, memoryEnvironment, MINIMAL, problemsOf, withRoute } from "./support.ts";

/** A tcp listener with `setting`, on line 3. */
const withTcp = (setting: string) =>
  MINIMAL.replace("    upstream: app\n", `    ${setting}\n    upstream: app\n`);
const withHttp = (setting: string) => withTcp(`protocol: http\n    ${setting}`);
const L = "listeners[0]";
const TRUSTING = "proxy_protocol: true\n    trusted_proxies: [10.0.0.0/8]";

const CASES: readonly [name: string, text: string, problem: string][] = [
  [
    "proxy_protocol without trusted_proxies",
    withTcp("proxy_protocol: true"),
    `3:21: ${L}.proxy_protocol: trusted_proxies must name the proxies that may connect`,
  ],
  [
    "proxy_protocol with no trusted proxy",
    withHttp("proxy_protocol: true\n    trusted_proxies: []"),
    `5:22: ${L}.trusted_proxies: must name the proxies that may connect, like 10.0.0.0/8, because proxy_protocol is true: current value is []`,
  ],
  [
    "proxy_protocol that is no flag",
    withTcp("proxy_protocol: v1"),
    `3:21: ${L}.proxy_protocol: must be true or false: current value is "v1"`,
  ],
  [
    "sni_routes of an http listener",
    withHttp("sni_routes: { a.example: app }"),
    `4:5: ${L}.sni_routes: is for TCP only: must stand in a listener with "protocol: tcp"`,
  ],
  [
    "sni_routes beside tls",
    withTcp("sni_routes: { a.example: app }\n    tls: {}"),
    `3:5: ${L}.sni_routes: must not stand beside tls`,
  ],
  [
    "an upstream of sni_routes that is not there",
    withTcp("sni_routes: { a.example: ap }"),
    `3:30: ${L}.sni_routes["a.example"]: must be the name of an upstream (did you mean "app"?): current value is "ap"`,
  ],
  [
    "a name with a slash",
    withTcp("sni_routes: { a/b: app }"),
    `3:19: ${L}.sni_routes["a/b"]: name must be a host name in ASCII, like example.com or *.example.com: current value is "a/b"`,
  ],
  ["a name that is an address", withTcp("sni_routes: { 10.0.0.1: app }"), "must be a host name"],
  ["a name beyond ASCII", withTcp("sni_routes: { bücher.example: app }"), "in ASCII"],
  [
    "a wildcard in the middle",
    withTcp('sni_routes: { "a.*.example": app }'),
    "must be a host name",
  ],
  [
    "a wildcard for all",
    withTcp('sni_routes: { "*": app }'),
    'all other names go to the "upstream" of the listener',
  ],
  [
    "one name twice",
    withTcp("sni_routes: { a.example: app, A.Example.: app }"),
    "name must differ from every other, whatever its case",
  ],
  [
    "an upstream of sni_routes that goes by a header",
    withTcp("sni_routes: { a.example: keyed }") + "  keyed:\n    algorithm: maglev\n" +
    '    hash_key: "header:X-A"\n    backends: [{ address: "127.0.0.1:1" }]\n',
    "upstreams.keyed.hash_key: must be client_ip, because a TCP listener uses this upstream",
  ],
  [
    "sni_routes that are a list",
    withTcp("sni_routes: [a.example]"),
    `3:17: ${L}.sni_routes: must be a mapping from names to upstreams`,
  ],
  [
    "a tcp listener without upstream whose sni_routes are empty",
    withTcp("sni_routes: {}").replace("    upstream: app\n", ""),
    `${L}.upstream: is required: must be the name of an upstream`,
  ],
  [
    "what is no address in allow",
    withTcp("allow: [10.0.0.0/8, example.com]"),
    `3:25: ${L}.allow[1]: must be an IP address or a block`,
  ],
  ["bits behind a prefix in deny", withTcp("deny: [10.0.0.1/8]"), "must have no bits set"],
  [
    "what is no address in deny of a route",
    withRoute("upstream: app, deny: [x]"),
    `${L}.routes[0].deny[0]: must be an IP address or a block`,
  ],
  [
    "a file of addresses that is not there",
    withTcp("deny_file: none.txt"),
    `3:16: ${L}.deny_file: cannot read "none.txt": file does not exist`,
  ],
  [
    "a file of allowed addresses with none in it",
    withTcp("allow_file: empty.txt"),
    `3:17: ${L}.allow_file: must name a file with at least one address: "empty.txt" has none`,
  ],
  ["no name of a file", withTcp('deny_file: ""'), `${L}.deny_file: must be a path of a file`],
];
const FILES = { "empty.txt": "# nobody\n\n", "bad.txt": "10.0.0.0/8\n  x # what\n10.0.0.1/8\n" };

for (const [name, text, problem] of CASES) {
  Deno.test(`loadConfigText() names ${name}`, async () => {
    const problems = await problemsOf(text, { files: FILES });

    assert(problems.length > 0);
    assertStringIncludes(problems.join("\n"), problem);
  });
}

Deno.test("loadConfigText() names each wrong line of a file of addresses, and once", async () => {
  const text = withTcp("deny_file: bad.txt\n    allow_file: bad.txt");

  const problems = await problemsOf(text, { files: FILES });

  assertEquals(problems, [
    "bad.txt:2:3: must be an IP address or a block, like 10.0.0.0/8 or fd00::/8: " +
    'current value is "x"',
    "bad.txt:3:1: must have no bits set after the prefix, like 10.0.0.0/8: " +
    'current value is "10.0.0.1/8"',
  ]);
});

Deno.test("loadConfigText() reads what stands before a listener's protocol", async () => {
  const text = withTcp(
    `${TRUSTING}\n    sni_routes: { A.Example.: app, "*.b.example": app }\n` +
      "    timeouts: { header: 3s }",
  ).replace("    upstream: app\n", "");

  const { listeners: [listener] } = await configOf(text);

  assertEquals(listener?.proxyProtocol, { trusted: ["10.0.0.0/8"], timeoutMs: 3000 });
  assert(listener?.protocol === "tcp");
  assertEquals([listener.upstream, listener.sni], [undefined, {
    routes: [{ name: "a.example", upstream: "app" }, { name: "*.b.example", upstream: "app" }],
    timeoutMs: 3000,
  }]);
});

Deno.test("loadConfigText() asks for no trusted proxies of a Unix socket", async () => {
  const text = withTcp("proxy_protocol: true").replace('":8080"', "unix:/run/weir.sock");

  const { listeners: [listener] } = await configOf(text);

  assertEquals(listener?.proxyProtocol?.trusted, []);
});

Deno.test("loadConfigText() joins lists with their files, read once and relative to it", async () => {
  const text = withTcp(
    "allow: [10.0.0.0/8]\n    allow_file: lists/a.txt\n    deny_file: lists/a.txt",
  );
  const files = { "conf/lists/a.txt": "\ufeff# remark\r\n192.0.2.0/24 # test\r\n\r\nfd00::/8" };

  const loaded = await loadConfigText("conf/weir.yaml", text, memoryEnvironment({ files }));

  assert(loaded.ok);
  const { access } = loaded.config.listeners[0]!;
  const allowed = (address: string) =>
    access?.allow.some((buffer) => new CidrSet(buffer).has(address));
  assertEquals(["10.1.1.1", "192.0.2.9", "fd00::1", "192.0.3.1"].map(allowed), [
    true,
    true,
    true,
    false,
  ]);
  assert(access?.deny[0] === access?.allow[1]);
  assertEquals(loaded.files, ["conf/weir.yaml", "conf/lists/a.txt"]);
});
