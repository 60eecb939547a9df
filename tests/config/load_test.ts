import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Config } from "../../lib/config/types.ts";
import { configOf, DEFAULT_OUTLIERS, loadText, MINIMAL } from "./support.ts";

const ALL_CONDITIONS = [
  "connect",
  "reset",
  "timeout",
  "status_502",
  "status_503",
  "status_504",
] as const;
const DEFAULT_POOL = {
  maxIdle: 100,
  maxActive: 1000,
  idleTimeoutMs: 60_000,
  maxLifetimeMs: 3_600_000,
  warm: 0,
};

Deno.test("loadConfig() fills in the defaults of the contract", async () => {
  const config = await configOf(MINIMAL, { cores: 3 });

  assertEquals<Config>(config, {
    workers: 3,
    sandbox: true,
    shutdownDelayMs: 0,
    shutdownTimeoutMs: 30_000,
    log: { level: "info", format: "text" },
    listeners: [{
      name: ":8080",
      address: { kind: "tcp", hostname: "::", port: 8080 },
      protocol: "tcp",
      upstream: "app",
      maxConnections: 10_000,
      idleTimeoutMs: 60_000,
      tunnelTimeoutMs: 3_600_000,
    }],
    upstreams: [{
      name: "app",
      algorithm: "round_robin",
      backends: [{
        id: "127.0.0.1:8081",
        address: { kind: "tcp", hostname: "127.0.0.1", port: 8081 },
        weight: 1,
      }],
      healthCheck: {
        probe: { type: "tcp" },
        detector: { kind: "threshold" },
        intervalMs: 30_000,
        fastIntervalMs: 1000,
        timeoutMs: 5000,
        rise: 2,
        fall: 3,
        initial: "probe",
      },
      outlierDetection: DEFAULT_OUTLIERS,
      panicThreshold: 50,
      connectTimeoutMs: 5000,
      slowStartMs: 0,
      retry: { attempts: 2, on: ALL_CONDITIONS, budget: 0.2 },
      pool: DEFAULT_POOL,
      queue: { size: 1024, timeoutMs: 1000, targetMs: 5, intervalMs: 100 },
      responseTimeoutMs: 60_000,
    }],
  });
});

Deno.test("loadConfig() reads every setting", async () => {
  const config = await configOf(`
workers: 2
sandbox: false
shutdown_delay: 2s
shutdown_timeout: 0s
log: { level: warn, format: json, file: /var/log/weir.log }
admin: { address: "[::1]:9090" }
listeners:
  - name: web
    address: unix:/run/weir.sock
    protocol: tcp
    upstream: app
    limits: { max_connections: 5, max_connections_per_ip: 2 }
    timeouts: { idle: 250ms, tunnel: 1h30m }
upstreams:
  app:
    algorithm: least_conn
    backends:
      - { address: "unix:/run/app.sock", weight: 0 }
      - { address: "[2001:DB8::1]:80", weight: 65535 }
      - { address: app.internal:80, name: app-3, max_connections: 7 }
    health_check:
      type: tcp
      interval: 1s
      fast_interval: 500ms
      timeout: 2s
      rise: 1
      fall: 1
      initial: up
    outlier_detection: { enabled: false }
    circuit_breaker: { failures: 7, error_rate: 0.25, min_requests: 2, window: 1s, open: 2s, max_open: 3s, half_open_requests: 63 }
    panic_threshold: 0
    connect_timeout: 10s
    response_timeout: 5s
    retry: { attempts: 0, on: [connect], budget: 12.5% }
    pool: { max_idle: 0, max_active: 1, idle_timeout: 1s, max_lifetime: 2s, warm: 0 }
    queue: { size: 3, timeout: 2s, target: 10ms, interval: 1s }
    concurrency: { algorithm: cubic, initial: 3, min: 2, max: 9, timeout: 1s, window: 2s }
    sticky: { cookie: weir, ttl: 1m, secret: sixteen letters! }
`);

  assertEquals<Config>(config, {
    workers: 2,
    sandbox: false,
    shutdownDelayMs: 2000,
    shutdownTimeoutMs: 0,
    log: { level: "warning", format: "json", file: "/var/log/weir.log" },
    admin: { address: { kind: "tcp", hostname: "::1", port: 9090 }, hosts: [] },
    listeners: [{
      name: "web",
      address: { kind: "unix", path: "/run/weir.sock" },
      protocol: "tcp",
      upstream: "app",
      maxConnections: 5,
      maxConnectionsPerIp: 2,
      idleTimeoutMs: 250,
      tunnelTimeoutMs: 5_400_000,
    }],
    upstreams: [{
      name: "app",
      algorithm: "least_connections",
      backends: [
        { id: "unix:/run/app.sock", address: { kind: "unix", path: "/run/app.sock" }, weight: 0 },
        {
          id: "[2001:db8::1]:80",
          address: { kind: "tcp", hostname: "2001:db8::1", port: 80 },
          weight: 65_535,
        },
        {
          id: "app-3",
          address: { kind: "tcp", hostname: "app.internal", port: 80 },
          weight: 1,
          maxConnections: 7,
        },
      ],
      healthCheck: {
        probe: { type: "tcp" },
        detector: { kind: "threshold" },
        intervalMs: 1000,
        fastIntervalMs: 500,
        timeoutMs: 2000,
        rise: 1,
        fall: 1,
        initial: "up",
      },
      circuitBreaker: {
        failures: 7,
        errorRate: 0.25,
        minRequests: 2,
        windowMs: 1000,
        openMs: 2000,
        maxOpenMs: 3000,
        halfOpenRequests: 63,
      },
      panicThreshold: 0,
      connectTimeoutMs: 10_000,
      slowStartMs: 0,
      retry: { attempts: 0, on: ["connect"], budget: 0.125 },
      pool: { maxIdle: 0, maxActive: 1, idleTimeoutMs: 1000, maxLifetimeMs: 2000, warm: 0 },
      queue: { size: 3, timeoutMs: 2000, targetMs: 10, intervalMs: 1000 },
      concurrency: {
        algorithm: "cubic",
        initial: 3,
        min: 2,
        max: 9,
        timeoutMs: 1000,
        windowMs: 2000,
      },
      responseTimeoutMs: 5000,
      sticky: { cookie: "weir", ttlMs: 60_000, secret: "sixteen letters!" },
    }],
  });
});

Deno.test("loadConfig() returns plain data that is frozen all the way down", async () => {
  const config = await configOf(MINIMAL);

  assertEquals(structuredClone(config), config);
  for (const part of [config, config.log, config.listeners, config.upstreams[0]?.backends[0]]) {
    assert(Object.isFrozen(part));
  }
  assertThrows(
    () => Object.assign(config.upstreams[0]?.backends[0] ?? {}, { weight: 9 }),
    TypeError,
  );
});

Deno.test("loadConfig() makes no health check of type none", async () => {
  const config = await configOf(`${MINIMAL}    health_check: { type: none }\n`);

  assertEquals(config.upstreams[0]?.healthCheck, undefined);
});

Deno.test("loadConfig() accepts an upstream that no listener uses", async () => {
  const config = await configOf(`${MINIMAL}  spare: { backends: [{ address: "a:1" }] }\n`);

  assertEquals(config.upstreams.map((upstream) => upstream.name), ["app", "spare"]);
});

Deno.test("loadConfig() accepts backends that all have weight zero", async () => {
  const config = await configOf(`${MINIMAL}        weight: 0\n`);

  assertEquals(config.upstreams[0]?.backends[0]?.weight, 0);
});

Deno.test("loadConfig() reads numbers and booleans that are spelled in quotes", async () => {
  const config = await configOf(`workers: "2"\nsandbox: "false"\n${MINIMAL}        weight: "7"\n`);

  assertEquals(config.workers, 2);
  assertEquals(config.sandbox, false);
  assertEquals(config.upstreams[0]?.backends[0]?.weight, 7);
});

Deno.test("loadConfig() bounds auto workers to what may be set", async () => {
  assertEquals((await configOf(MINIMAL, { cores: 1000 })).workers, 256);
  assertEquals((await configOf(MINIMAL, { cores: 0 })).workers, 1);
});

Deno.test("loadConfig() reads JSON that is indented with tabs", async () => {
  const json = JSON.stringify(
    {
      listeners: [{ address: ":8080", upstream: "app" }],
      upstreams: { app: { backends: [{ address: "a:1" }] } },
    },
    undefined,
    "\t",
  );

  assertEquals((await configOf(json)).listeners.length, 1);
});

Deno.test("loadConfig() reads anchors, merges, a byte order mark and CRLF", async () => {
  const text = `\ufefflisteners: [{ address: ":1", upstream: a }]
upstreams:
  a: &a
    backends: &servers [{ address: "x:1" }]
    retry: { attempts: 7 }
  b: { <<: *a, connect_timeout: 1s }
  c: { backends: *servers }
`.replaceAll("\n", "\r\n");

  const { upstreams } = await configOf(text);

  assertEquals(upstreams.map((upstream) => upstream.backends.length), [1, 1, 1]);
  assertEquals(upstreams.map((upstream) => upstream.retry.attempts), [7, 7, 2]);
  assertEquals(upstreams[1]?.connectTimeoutMs, 1000);
});

Deno.test("loadConfig() names the files it read and has no warnings for the full form", async () => {
  const result = await loadText(MINIMAL);

  assert(result.ok);
  assertEquals(result.files, ["weir.yaml"]);
  assertEquals(result.warnings, []);
});

Deno.test("loadConfig() takes names from Object.prototype as names", async () => {
  const text = `listeners: [{ address: ":1", upstream: constructor }]
upstreams: { constructor: { backends: [{ address: "x:1", name: toString }] } }
`;

  const config = await configOf(text);

  assertEquals(config.upstreams[0]?.name, "constructor");
  assertEquals(config.upstreams[0]?.backends[0]?.id, "toString");
});
