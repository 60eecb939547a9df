import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadText, MINIMAL, problemsOf } from "./support.ts";

/** A right configuration whose upstream has these settings too, one a line. */
const withUpstream = (...lines: string[]) => {
  return MINIMAL + lines.map((line) => `    ${line}\n`).join("");
};
const overHttp = (text: string) =>
  text.replace("upstream: app", "protocol: http\n    upstream: app");

const CASES: readonly [name: string, text: string, problem: string][] = [
  [
    "a hash key with an algorithm that goes by none",
    withUpstream("algorithm: least_conn", "hash_key: client_ip"),
    `9:5: upstreams.app.hash_key: must stand beside an algorithm that uses it ` +
    `(consistent_hash, maglev, rendezvous): current algorithm is "least_conn"`,
  ],
  [
    "a hash key with the default algorithm",
    withUpstream("hash_key: client_ip"),
    `current algorithm is "round_robin"`,
  ],
  [
    "a hash key with ip_hash",
    withUpstream("algorithm: ip_hash", "hash_key: client_ip"),
    `9:5: upstreams.app.hash_key: must stand beside an algorithm that uses it`,
  ],
  [
    "bounded load without a key",
    withUpstream("algorithm: p2c", "bounded_load: 1.25"),
    `9:5: upstreams.app.bounded_load: must stand beside an algorithm that uses it ` +
    `(ip_hash, consistent_hash, maglev, rendezvous): current algorithm is "p2c"`,
  ],
  [
    "a hash key that TCP does not have",
    withUpstream("algorithm: maglev", "hash_key: header:x-user"),
    `9:15: upstreams.app.hash_key: must be client_ip, because a TCP listener uses this ` +
    `upstream: current value is "header:x-user"`,
  ],
  [
    "a bound below the fair share",
    withUpstream("algorithm: maglev", "bounded_load: 0.9"),
    `9:19: upstreams.app.bounded_load: must be a number from 1.01 to 100: current value is 0.9`,
  ],
  [
    "a hash key that is nearly known",
    overHttp(withUpstream("algorithm: maglev", "hash_key: cokie:sid")),
    `did you mean "cookie:sid"?`,
  ],
  [
    "a hash key without its name",
    overHttp(withUpstream("algorithm: maglev", 'hash_key: "header:"')),
    `must be client_ip, path, header:NAME, cookie:NAME or query:NAME: current value is "header:"`,
  ],
  [
    "a slow start without a unit",
    withUpstream("slow_start: 30"),
    "upstreams.app.slow_start: must",
  ],
  [
    "a zone with a space",
    MINIMAL.replace("127.0.0.1:8081", "127.0.0.1:8081\n        zone: a b"),
    "upstreams.app.backends[0].zone: must be 1 to 128 printable characters",
  ],
];

for (const [name, text, problem] of CASES) {
  Deno.test(`loadConfig() refuses ${name}`, async () => {
    const problems = await problemsOf(text);

    assertEquals(problems.length, 1, problems.join("\n"));
    assertStringIncludes(problems[0]!, problem);
  });
}

const KEYS = [
  ["client_ip", { kind: "client_ip" }],
  ["path", { kind: "path" }],
  ["header:X-User", { kind: "header", name: "x-user" }],
  ["cookie:SID", { kind: "cookie", name: "SID" }],
  ["query:user_id", { kind: "query", name: "user_id" }],
] as const;

for (const [text, hashKey] of KEYS) {
  Deno.test(`loadConfig() reads the hash key ${text}`, async () => {
    const result = await loadText(
      overHttp(withUpstream("algorithm: ring_hash", `hash_key: ${text}`)),
    );

    assert(result.ok);
    assertEquals(result.config.upstreams[0]?.hashKey, hashKey);
  });
}

Deno.test("loadConfig() takes client_ip for a key that is not set, and ip_hash for the network", async () => {
  const keyed = await loadText(withUpstream("algorithm: maglev", "bounded_load: 1.25"));
  const network = await loadText(withUpstream("algorithm: source_hash", "bounded_load: 1.5"));

  assert(keyed.ok && network.ok);
  assertEquals(keyed.config.upstreams[0]?.hashKey, { kind: "client_ip" });
  assertEquals(keyed.config.upstreams[0]?.boundedLoad, 1.25);
  assertEquals(network.config.upstreams[0]?.hashKey, { kind: "network" });
});

Deno.test("loadConfig() reads zones, backups and slow start", async () => {
  const result = await loadText(
    `zone: a\n${
      MINIMAL.replace("127.0.0.1:8081", "127.0.0.1:8081\n        zone: b\n        backup: true")
    }    slow_start: 90s\n`,
  );

  assert(result.ok);
  assertEquals(result.config.zone, "a");
  assertEquals(result.config.upstreams[0]?.slowStartMs, 90_000);
  const { backup, zone } = result.config.upstreams[0]!.backends[0]!;
  assertEquals([backup, zone], [true, "b"]);
});
