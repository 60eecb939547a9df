import { assert, assertEquals } from "@std/assert";
import { formatExpanded } from "../../lib/config/expand.ts";
import { configOf, loadText, problemsOf } from "./support.ts";

/** As the first seed document writes it. */
const LOADBALANCER = `loadbalancer:
  listen_address: ":8080"
  algorithm: "round_robin"
backends:
  - address: localhost
    port: 8081
  - address: ::1
    port: 8082
healthcheck:
  interval: 30s
  timeout: 5s
`;

/** As the third seed document writes it, comment included. */
const BALANCER = `balancer:
  port: 8080
  health_check_interval: 10s
  failure_threshold: 8.0  # Phi threshold for failure detection

backends:
  - host: "backend1.example.com"
    port: 8081
    weight: 100
  - host: "backend2.example.com"
    port: 8082
    weight: 100

pool:
  max_idle: 100
  max_active: 1000
  idle_timeout: 60s
`;

Deno.test("loadConfig() expands the loadbalancer form to a tcp listener", async () => {
  const config = await configOf(LOADBALANCER);

  const [listener] = config.listeners;
  assert(listener?.protocol === "tcp");
  assertEquals([listener.name, listener.upstream], [":8080", "app"]);
  assertEquals(config.upstreams[0]?.algorithm, "round_robin");
  assertEquals(config.upstreams[0]?.backends.map((backend) => backend.id), [
    "localhost:8081",
    "[::1]:8082",
  ]);
  assertEquals(config.upstreams[0]?.healthCheck?.timeoutMs, 5000);
  assertEquals(config.admin, undefined);
});

Deno.test("loadConfig() reads the loadbalancer form without its optional parts", async () => {
  const config = await configOf(
    `loadbalancer: { listen_address: ":8080", algorithm: least_conn }
backends: [{ address: a, port: "81", weight: 3 }]
`,
  );

  assertEquals(config.upstreams[0]?.algorithm, "least_connections");
  assertEquals(config.upstreams[0]?.backends[0]?.weight, 3);
  assertEquals(config.upstreams[0]?.healthCheck?.intervalMs, 30_000);
});

Deno.test("loadConfig() expands the balancer form, whose threshold is one of phi accrual", async () => {
  const result = await loadText(BALANCER);

  assert(result.ok);
  assertEquals(result.config.listeners[0]?.address, { kind: "tcp", hostname: "::", port: 8080 });
  const [listener] = result.config.listeners;
  assert(listener?.protocol === "http");
  assertEquals(listener.routes.map((route) => [route.match, route.action]), [
    [{}, { kind: "forward", split: [{ upstream: "app", weight: 1 }] }],
  ]);
  assertEquals(result.config.upstreams[0]?.pool, {
    maxIdle: 100,
    maxActive: 1000,
    idleTimeoutMs: 60_000,
    maxLifetimeMs: 3_600_000,
    warm: 0,
  });
  assertEquals(result.config.upstreams[0]?.algorithm, "consistent_hash");
  assertEquals(result.config.upstreams[0]?.hashKey, { kind: "client_ip" });
  assertEquals(result.config.upstreams[0]?.healthCheck?.intervalMs, 10_000);
  assertEquals(result.config.upstreams[0]?.backends.map((backend) => backend.weight), [100, 100]);
  assertEquals(result.config.upstreams[0]?.healthCheck?.detector, {
    kind: "phi_accrual",
    threshold: 8,
    pauseMs: 3000,
  });
  assertEquals(result.warnings, []);
});

Deno.test("loadConfig() warns of nothing that is not written", async () => {
  const result = await loadText("balancer: { port: 80 }\nbackends: [{ host: a, port: 81 }]\n");

  assert(result.ok);
  assertEquals(result.warnings, []);
});

Deno.test("loadConfig() still checks the parts of a short form that it ignores", async () => {
  const text = `balancer: { port: 8080, failure_threshold: -1 }
backends: [{ host: a, port: 81 }]
pool: { max_idle: -1, max_activ: 1, idle_timeout: 60 }
`;

  assertEquals(await problemsOf(text), [
    "weir.yaml:1:44: balancer.failure_threshold: must be a number above 0: current value is -1",
    "weir.yaml:3:19: pool.max_idle: must be a whole number from 0 to 1000000: current value is -1",
    `weir.yaml:3:23: pool.max_activ: unknown key "max_activ": did you mean "max_active"?`,
    "weir.yaml:3:51: pool.idle_timeout: must have a unit, like 60s: current value is 60",
  ]);
});

Deno.test("loadConfig() refuses a short form mixed with other forms", async () => {
  const text = `${LOADBALANCER}listeners: []\nbalancer: { port: 1 }\n`;

  const wanted = `must not be mixed with the short form "loadbalancer": write it all in full form`;
  assertEquals(await problemsOf(text), [
    `weir.yaml:12:1: listeners: ${wanted}`,
    `weir.yaml:13:1: balancer: ${wanted}`,
  ]);
});

const WRONG: readonly [name: string, text: string, problem: string][] = [
  [
    "no backends",
    'loadbalancer: { listen_address: ":1" }\nbackends: []\n',
    "weir.yaml:2:11: backends: must have at least one backend: current value is []",
  ],
  [
    "missing backends",
    'loadbalancer: { listen_address: ":1" }\n',
    "weir.yaml:1:1: backends: is required: must be a list",
  ],
  [
    "a missing first section",
    "backends: [{ address: a, port: 1 }]\n",
    "weir.yaml:1:1: loadbalancer: is required: must be a mapping with the keys listen_address, algorithm",
  ],
  [
    "a port inside of the address",
    'loadbalancer: { listen_address: ":1" }\nbackends: [{ address: "a:81", port: 81 }]\n',
    `weir.yaml:2:23: backends[0].address: must be a host without a port: current value is "a:81"`,
  ],
  [
    "a wrong port",
    'loadbalancer: { listen_address: ":1" }\nbackends: [{ address: a, port: 70000 }]\n',
    "weir.yaml:2:32: backends[0].port: must be a whole number from 1 to 65535: current value is 70000",
  ],
  [
    "the same backend twice",
    "balancer: { port: 1 }\nbackends: [{ host: a, port: 1 }, { host: a, port: '1' }]\n",
    "weir.yaml:2:42: backends[1].host: must differ from every other backend of the upstream: " +
    `current value is "a:1", first at weir.yaml:2:20`,
  ],
  [
    "an unknown key",
    'loadbalancer: { listen_address: ":1" }\nbackends: [{ address: a, port: 1 }]\nhealthchek: {}\n',
    `weir.yaml:3:1: healthchek: unknown key "healthchek": did you mean "healthcheck"?`,
  ],
];

for (const [name, text, problem] of WRONG) {
  Deno.test(`loadConfig() reports ${name} in a short form`, async () => {
    assertEquals(await problemsOf(text), [problem]);
  });
}

for (const [name, text] of [["loadbalancer", LOADBALANCER], ["balancer", BALANCER]] as const) {
  Deno.test(`formatExpanded() writes the ${name} form as the same configuration`, async () => {
    const result = await loadText(text);

    assert(result.ok);
    assertEquals(await configOf(formatExpanded(result.expanded)), result.config);
  });
}
