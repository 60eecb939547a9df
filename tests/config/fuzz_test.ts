import { assert } from "@std/assert";
import { loadText, MINIMAL } from "./support.ts";

const SEEDS = [
  MINIMAL,
  `workers: auto
log: { level: info, file: null }
include: [a/*.yaml, b.yaml]
listeners: [{ name: "x", address: "[::1]:80", upstream: a, timeouts: { idle: 5s } }]
upstreams:
  a: &a
    backends: [{ address: "\${HOST:-h}:80", weight: 1 }, { address: "unix:/x" }]
    health_check: { type: none }
  b: { <<: *a, algorithm: least_conn }
`,
  `listeners:
  - address: ":80"
    protocol: http
    trusted_proxies: [10.0.0.0/8]
    limits: { header_bytes: 32KiB }
    routes:
      - match: { host: "*.a.b", path_prefix: /v1, path_regex: "^/(a|b)[^/]+$", headers: { x: "1" } }
        split: { a: 9, b: 1 }
        rewrite: { strip_prefix: /v1 }
        request_headers: { set: { x: y }, remove: [z] }
      - redirect: { status: 308, location: /x }
upstreams: { a: &a { backends: [{ address: "h:80" }], retry: { on: [reset] } }, b: *a }
`,
  "balancer: { port: 80 }\nbackends:\n  - { host: a, port: 1 }\npool: { max_idle: 5 }\n",
];

const PIECES = [
  ..."{}[]:,-?&*!|>'\"%@`#\n\t ~<=.0",
  "\r\n",
  "\0",
  "\u2028",
  "\ufeff",
  "\ud800",
  "💥",
  "---\n",
  "...\n",
  "${",
  "$${A}",
  "<<: *a\n",
  "&a ",
  "*a ",
  "? ",
  "!!binary ",
  "!!set ",
  "!!omap ",
  "%YAML 1.2\n",
  "__proto__: ",
  "constructor",
  "null",
  "-1",
  "1e999",
  ".nan",
  "0x1F",
  "2001-01-01",
  "[".repeat(200),
  "  ".repeat(50),
];

/** mulberry32: small, and the same on every machine. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

Deno.test("loadConfigText() neither throws nor hangs on mutated configurations", async () => {
  const random = createRandom(1);
  const below = (limit: number) => Math.floor(random() * limit);
  const startMs = performance.now();

  for (let round = 0; round < 1500; round++) {
    let text = SEEDS[below(SEEDS.length)] ?? "";
    for (let change = below(6); change >= 0; change--) {
      const from = below(text.length + 1);
      const to = random() < 0.5 ? from : from + below(12);
      const piece = random() < 0.8 ? PIECES[below(PIECES.length)] : text.slice(below(text.length));
      text = text.slice(0, from) + (piece ?? "") + text.slice(to);
    }
    await assertHandled(text);
  }

  assert(performance.now() - startMs < 30_000);
});

Deno.test("loadConfigText() neither throws nor hangs on random characters", async () => {
  const random = createRandom(2);

  for (let round = 0; round < 300; round++) {
    const codes = Array.from({ length: 1 + Math.floor(random() * 200) }, () => random() * 160);
    await assertHandled(String.fromCharCode(...codes));
  }
});

async function assertHandled(text: string): Promise<void> {
  const result = await loadText(text, { files: { "b.yaml": MINIMAL } });
  if (result.ok) return;
  assert(result.problems.length > 0, `no problem for ${JSON.stringify(text)}`);
  for (const problem of result.problems) {
    assert(!/\n\s+at /.test(problem.message), problem.message);
    assert(problem.message !== "" && problem.message.length < 500, problem.message);
  }
}
