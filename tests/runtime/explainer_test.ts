import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ExplainQuestion } from "../../lib/admin/explain_question.ts";
import { RequestError } from "../../lib/admin/respond.ts";
import { ALGORITHMS } from "../../lib/balancer/registry.ts";
import type { Config } from "../../lib/config/types.ts";
import { GuardTable } from "../../lib/core/guard_table.ts";
import { LimitTable } from "../../lib/core/limit_table.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { Explainer } from "../../lib/runtime/explainer.ts";
import type { UpstreamExplanation } from "../../lib/runtime/explanation.ts";
import { placeBackends, shapeOf } from "../../lib/runtime/layout.ts";
import { addMember, tellMember } from "../../lib/runtime/members.ts";
import { Overrides } from "../../lib/runtime/overrides.ts";
import { buildUpstream } from "../../lib/upstream/build_upstream.ts";
import type { BalancedUpstream } from "../../lib/upstream/upstream.ts";
import { StickyTable } from "../../lib/upstream/sticky.ts";
import { SlotGate } from "../../lib/upstream/slot_gate.ts";
import { configOf as configText } from "../config/support.ts";
import { seededRandom } from "../support/seeded_random.ts";

/** An explainer over tables that the test sets. */
class ExplainBench {
  readonly config: Config;
  readonly table: SharedTable;
  readonly limits: LimitTable;
  readonly guards: GuardTable;
  readonly overrides = new Overrides();
  readonly explainer: Explainer;

  private constructor(config: Config) {
    const shape = shapeOf(config);
    this.config = config;
    this.table = SharedTable.create(shape);
    this.limits = LimitTable.create(shape);
    this.guards = GuardTable.create(shape);
    for (const { index } of placeBackends(config)) this.table.setUp(index, true);
    this.explainer = new Explainer({
      config,
      table: this.table,
      limits: this.limits,
      guards: this.guards,
      overrides: this.overrides,
      now: () => 0,
      random: seededRandom(3),
    });
  }

  static async of(text: string): Promise<ExplainBench> {
    return new ExplainBench(await configText(text));
  }

  /** Where the first upstream would send a request. */
  async ask(
    url = "http://h:8080/",
    more: Partial<ExplainQuestion> = {},
  ): Promise<UpstreamExplanation> {
    const { outcome } = await this.explainer.explain({ url, ...more });
    assert(outcome.kind === "forward");
    return outcome.upstreams[0]!;
  }

  /** The upstream as a thread has it that began just now. */
  thread(index = 0): BalancedUpstream {
    const policy = this.config.upstreams[index]!;
    const deferred: (() => void)[] = [];
    const upstream = buildUpstream(policy, {
      index,
      table: this.table,
      guards: this.guards,
      worker: 0,
      random: seededRandom(9),
      now: () => 0,
      coarse: () => 0,
      defer: (work) => deferred.push(work),
      zone: this.config.zone,
      gates: [new SlotGate(this.limits, 0)],
    });
    const own = placeBackends(this.config).filter((backend) => backend.upstream === policy);
    for (const backend of own) addMember(upstream, backend, this.table);
    for (const backend of own) {
      tellMember(upstream, backend.spec.id, this.overrides.messageOf(backend));
    }
    for (const work of deferred) work();
    return upstream;
  }
}

function yaml(upstream: string, backends: number, routes = ""): string {
  const list = Array.from({ length: backends }, (_, place) => {
    return `      - { name: b${place}, address: "127.0.0.1:${1001 + place}" }`;
  });
  return [
    "listeners:",
    `  - { name: web, address: ":8080", protocol: http, upstream: app${routes} }`,
    '  - { name: raw, address: ":9000", protocol: tcp, upstream: app }',
    "upstreams:",
    "  app:",
    `    ${upstream}`,
    "    backends:",
    ...list,
    "",
  ].join("\n");
}

const KEYED = Object.entries(ALGORITHMS)
  .filter(([, { basis }]) => basis === "key")
  .map(([name]) => name);

for (const algorithm of KEYED) {
  Deno.test(`explain() names the backend that ${algorithm} takes, whatever was changed`, async () => {
    const text = yaml(`algorithm: ${algorithm}\n    hash_key: path`, 7);
    // A TCP listener knows no paths.
    const b = await ExplainBench.of(text.replace(/.*name: raw.*\n/, ""));
    await b.ask();
    const [, b1, , b3, b4] = placeBackends(b.config);
    b.table.setUp(b1!.index, false);
    b.overrides.change(b3!, { state: "drain" });
    b.overrides.change(b4!, { weight: 5 });
    const thread = b.thread();

    for (let path = 0; path < 100; path++) {
      const { key, order, pick, isCertain } = await b.ask(`http://h:8080/${path}`);
      using lease = thread.acquire(Number.parseInt(key!.hash, 16));
      using other = thread.acquire(Number.parseInt(key!.hash, 16), new Set([lease!.backend]));

      assertEquals([pick, isCertain], [lease!.backend.id, true]);
      assertEquals(order.slice(0, 2), [lease!.backend.id, other!.backend.id]);
      assertEquals(order.length, 5);
    }
  });
}

Deno.test("explain() names the turn and the backend whose turn it is, without taking it", async () => {
  const b = await ExplainBench.of(yaml("algorithm: round_robin", 3));
  b.table.setTurn(0, 7);

  const first = await b.ask();
  const again = await b.ask();
  using lease = b.thread().acquire(0);

  assertEquals([first.turn, first.pick], [7, lease!.backend.id]);
  assertEquals(again, first);
});

Deno.test("explain() leaves no trace in the tables", async () => {
  const settings = "algorithm: least_connections\n    circuit_breaker: { failures: 2 }";
  const b = await ExplainBench.of(yaml(settings, 3));
  const before = [b.table, b.limits, b.guards].map(({ buffer }) => new Uint8Array(buffer.slice(0)));

  await b.ask();
  await b.ask("tcp://h:9000");

  const after = [b.table, b.limits, b.guards].map(({ buffer }) => new Uint8Array(buffer));
  assertEquals(after, before);
});

Deno.test("explain() goes by the work in flight, and shows what it costs", async () => {
  const b = await ExplainBench.of(yaml("algorithm: least_connections", 3));
  await b.ask();
  for (const [backend, count] of [[0, 3], [1, 1], [2, 2]] as const) {
    for (let work = 0; work < count; work++) b.table.addInFlight(0, backend, 1);
  }

  const { backends, pick } = await b.ask();

  assertEquals(backends.map(({ inFlight, cost }) => [inFlight, cost]), [[3, 4], [1, 2], [2, 3]]);
  assertEquals(pick, "b1");
});

Deno.test("explain() says what excludes each backend", async () => {
  const b = await ExplainBench.of(`
zone: a
listeners: [{ name: web, address: ":8080", protocol: http, upstream: app }]
upstreams:
  app:
    algorithm: first
    panic_threshold: 0
    circuit_breaker: { failures: 1 }
    outlier_detection: { consecutive_failures: 1, max_ejected_percent: 100 }
    backends:
      - { name: down, address: "h:1", zone: a }
      - { name: drained, address: "h:2", zone: a }
      - { name: away, address: "h:3", zone: a }
      - { name: zero, address: "h:4", zone: a, weight: 0 }
      - { name: broken, address: "h:5", zone: a }
      - { name: ejected, address: "h:6", zone: a }
      - { name: full, address: "h:7", zone: a, max_connections: 1 }
      - { name: good, address: "h:8", zone: a, weight: 60 }
      - { name: far, address: "h:9", zone: b }
      - { name: spare, address: "h:10", backup: true }
`);
  const at = new Map(placeBackends(b.config).map((backend) => [backend.spec.id, backend]));
  const indexOf = (id: string) => at.get(id)!.index;
  b.table.setUp(indexOf("down"), false);
  b.overrides.change(at.get("drained")!, { state: "drain", weight: 9 });
  b.overrides.change(at.get("away")!, { state: "maintenance" });
  b.guards.trip(indexOf("broken"), b.guards.era(indexOf("broken")));
  b.guards.eject(indexOf("ejected"), 0, { era: b.guards.era(indexOf("ejected")), most: 5 });
  b.limits.tryTake(0, indexOf("full"), 1);

  const { backends, pick, nearPercent } = await b.ask();

  assertEquals(Object.fromEntries(backends.map(({ id, excluded }) => [id, excluded])), {
    down: "down",
    drained: "drain",
    away: "maintenance",
    zero: "weight_0",
    broken: "circuit_open",
    ejected: "ejected",
    full: "max_connections",
    good: undefined,
    far: "other_zone",
    spare: "backup",
  });
  assertEquals([pick, nearPercent, backends[1]?.weight], ["good", 100, 9]);
});

Deno.test("explain() says what clients get when no backend may have work", async () => {
  const full = await ExplainBench.of(
    yaml("algorithm: first", 1).replace(':1001"', ':1001", max_connections: 1'),
  );
  full.limits.tryTake(0, 0, 1);
  const down = await ExplainBench.of(yaml("algorithm: first\n    panic_threshold: 0", 1));
  down.table.setUp(0, false);

  const [waits, refused] = [await full.ask(), await down.ask()];

  assertEquals([waits.pick, waits.why.endsWith("requests wait")], [undefined, true]);
  assertEquals(refused.why, "none may have work: 503 with reason no_backend");
});

Deno.test("explain() follows the cookie of a sticky session", async () => {
  const sticky = "sticky: { cookie: weir, secret: 0123456789abcdef }";
  const b = await ExplainBench.of(yaml(`algorithm: round_robin\n    ${sticky}`, 3));
  const thread = b.thread();
  const all = thread.backends.values();
  const table = await StickyTable.create("weir", "0123456789abcdef", 1000, all);
  const cookie = table.setCookie(thread.backends.get("b2")!, false).split(";")[0]!;

  const bound = await b.ask("http://h:8080/", { headers: [["Cookie", cookie]] });
  b.overrides.change(placeBackends(b.config)[2]!, { state: "drain" });
  const moved = await b.ask("http://h:8080/", { headers: [["Cookie", cookie]] });

  assertEquals([bound.pick, bound.why, bound.isCertain], [
    "b2",
    "the client's cookie names it",
    true,
  ]);
  assert(moved.pick !== "b2");
});

Deno.test("explain() tells who the client is by trusted proxies", async () => {
  const listener = ", trusted_proxies: [10.0.0.0/8]";
  const b = await ExplainBench.of(yaml("algorithm: maglev", 3, listener));
  const ask = (client: string) =>
    b.explainer.explain({
      url: "http://h:8080/",
      client,
      headers: [["X-Forwarded-For", "192.0.2.7"]],
    });

  assertEquals((await ask("10.1.1.1")).client, "192.0.2.7");
  assertEquals((await ask("172.16.0.1")).client, "172.16.0.1");
});

Deno.test("explain() shows every upstream of a split with its part, and the path they see", async () => {
  const b = await ExplainBench.of(`
listeners:
  - name: web
    address: ":8080"
    protocol: http
    routes:
      - { match: { path_prefix: /v1 }, rewrite: { strip_prefix: /v1 }, split: { a: 95, b: 5 } }
      - { match: { path: /old }, redirect: { status: 308, location: "https://example.com/" } }
upstreams:
  a: { backends: [{ address: "h:1" }] }
  b: { backends: [{ address: "h:2" }] }
`);

  const { outcome } = await b.explainer.explain({ url: "http://h:8080/v1/x?y" });
  const redirect = await b.explainer.explain({ url: "http://h:8080/old" });
  const none = await b.explainer.explain({ url: "http://h:8080/else" });

  assert(outcome.kind === "forward");
  assertEquals([outcome.path, outcome.upstreams.map(({ percent }) => percent)], ["/x", [95, 5]]);
  assertEquals(redirect.outcome, {
    kind: "answer",
    status: 308,
    reason: "redirect",
    detail: "https://example.com/",
  });
  assertEquals(none.outcome, { kind: "answer", status: 404, reason: "no_route" });
});

Deno.test("explain() answers a malformed request as the listener would", async () => {
  const b = await ExplainBench.of(yaml("algorithm: first", 1));
  const { outcome } = await b.explainer.explain({
    url: "http://h:8080/",
    headers: [["Content-Length", "5"], ["Transfer-Encoding", "chunked"]],
  });

  assertEquals(outcome.kind === "answer" ? outcome.status : outcome, 400);
});

const NO_QUESTIONS: readonly ExplainQuestion[] = [
  { url: "ftp://h/" },
  { url: "http:///x" },
  { url: "http://u:p@h/" },
  { url: "http://h:8080/", client: "nobody" },
  { url: "http://h:8080/", headers: [["x", "a\r\nb: c"]] },
  { url: "http://h:8080/", listener: "raw" },
  { url: "tcp://h:9000/", listener: "wob" },
];

for (const question of NO_QUESTIONS) {
  Deno.test(`explain() refuses ${JSON.stringify(question)}`, async () => {
    const b = await ExplainBench.of(yaml("algorithm: first", 1));

    await assertRejects(() => b.explainer.explain(question), RequestError);
  });
}

Deno.test("explain() names the listeners where the port is none of theirs", async () => {
  const text = yaml("algorithm: first", 1).replace(
    "listeners:\n",
    'listeners:\n  - { name: other, address: ":8081", protocol: http, upstream: app }\n',
  );
  const b = await ExplainBench.of(text);

  const error = await assertRejects(
    () => b.explainer.explain({ url: "http://h:7/" }),
    RequestError,
    "there are other on [::]:8081, web on [::]:8080",
  );
  assertEquals(error.status, 422);
  const { listener } = await b.explainer.explain({ url: "http://h:7/", listener: "other" });
  assertEquals(listener.name, "other");
});

Deno.test("explain() says which protocol to ask for", async () => {
  const b = await ExplainBench.of(yaml("algorithm: first", 1).replace(/.*name: web.*\n/, ""));
  const text = yaml("algorithm: first", 1);
  const both = await ExplainBench.of(
    text.replace(
      "listeners:\n",
      'listeners:\n  - { address: ":7", protocol: http, upstream: app }\n',
    ),
  );

  for (const bench of [b, both]) {
    await assertRejects(
      () => bench.explainer.explain({ url: "http://h:9000/x" }),
      RequestError,
      'Listener "raw" speaks tcp: ask tcp://h:9000',
    );
  }
});

Deno.test("explain() hears of a backend that came back, and warms it up as threads do", async () => {
  const b = await ExplainBench.of(yaml("algorithm: least_connections\n    slow_start: 10s", 2));
  await b.ask();
  b.table.setUp(0, false);
  b.explainer.hear({ type: "health", backend: 0, available: false });
  b.table.setUp(0, true);
  b.explainer.hear({ type: "health", backend: 0, available: true });

  const { backends } = await b.ask();

  assertEquals(backends.map(({ warmPercent }) => warmPercent), [10, 100]);
});
