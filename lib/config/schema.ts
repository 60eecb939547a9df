import * as z from "zod";
import { algorithm, hashKey } from "./algorithm_values.ts";
import { list, mapping, section } from "./field.ts";
import { cidr } from "./http_values.ts";
import { accessSettings, prefaceSettings } from "./schema_access.ts";
import { backendTls, proxyVersion } from "./schema_backend_tls.ts";
import { circuitBreaker, outlierDetection, panicThreshold } from "./schema_guard.ts";
import { healthCheck } from "./schema_health.ts";
import { httpLimits, httpTimeouts, pool, retry, route, shortPool, sticky } from "./schema_http.ts";
import { concurrency, queue } from "./schema_limits.ts";
import { log } from "./schema_log.ts";
import { rateLimit } from "./schema_rate.ts";
import { tls } from "./schema_tls.ts";
import { httpsRedirect } from "./tls_values.ts";
import {
  adminAddress,
  backendAddress,
  choice,
  collectorUrl,
  congestionControl,
  duration,
  flag,
  host,
  inputPattern,
  listenAddress,
  name,
  NAME_SCHEMA,
  outputFile,
  positiveNumber,
  ratio,
  wholeNumber,
  workers,
} from "./values.ts";

const accessLog = section({
  enabled: flag().prefault(true).describe("Whether there is one."),
  format: choice(["json", "combined"]).prefault("json").describe(
    "One JSON object a line, or the Combined format of Apache and NGINX.",
  ),
  file: outputFile().prefault(null)
    .describe("File that lines are appended to; null means standard output."),
  sample: ratio(0, 1).prefault(1).describe(
    "Share of the lines that are written. Answers of 500 and above, answers cut short and TCP " +
      "connections that did not end well are always written.",
  ),
});

const tracing = section({
  endpoint: collectorUrl().describe(
    "The collector, like http://127.0.0.1:4318; without a path, /v1/traces is added.",
  ),
  sample: ratio(0, 1).prefault(0.01).describe(
    "Share of the requests that are traced when their caller has not decided it.",
  ),
  max_per_second: wholeNumber(1, 1_000_000).prefault(100)
    .describe("Most traces in a second, over all workers, also when callers ask for more."),
  service_name: name().prefault("weir").describe("What this Weir is called in traces."),
});

const admin = section({
  address: adminAddress().describe(
    "Where the admin interface listens. Any but a loopback address needs `token_file`.",
  ),
  token_file: outputFile().prefault(null).describe(
    "File with the token that requests have to carry, relative to this file; null means none.",
  ),
  hosts: list(host()).prefault([]).describe(
    "Names by which browsers may call the admin interface, beside its own address.",
  ),
});

const tcp = section({
  congestion_control: congestionControl().prefault(null).describe(
    "The kernel's algorithm for all TCP sockets of the network namespace, like bbr; null leaves it. " +
      "Where it may not be set, a warning says so.",
  ),
});

const limits = section({
  max_connections: wholeNumber(1, 10_000_000).prefault(10_000)
    .describe("Most client connections at once, over all workers."),
  max_connections_per_ip: wholeNumber(0, 1_000_000).prefault(0).describe(
    "Most connections of one client at once, over all workers; 0 is no limit. A client is an IPv4 " +
      "address or an IPv6 /64.",
  ),
  ...httpLimits,
});

const timeouts = section({
  ...httpTimeouts,
  idle: duration({ from: "above zero" }).prefault("60s").describe(
    "HTTP: longest wait for the next request. TCP: silence allowed before both sides have " +
      "spoken, and after one side has ended.",
  ),
  tunnel: duration({ from: "above zero" }).prefault("1h")
    .describe("Silence allowed once bytes have gone both ways, or after an upgrade."),
});

const listener = section({
  name: name().optional()
    .describe("Name in logs and status; the address unless it is set."),
  address: listenAddress().describe("Where clients connect to; `:8080` is every interface."),
  protocol: choice(["tcp", "http"]).prefault("tcp")
    .describe("What is spoken on the listener."),
  upstream: name().optional().describe(
    "Name of the upstream that connections go to; for HTTP, the requests that no route takes.",
  ),
  routes: list(route).prefault([])
    .describe("Which requests go where; the first that matches wins. HTTP only."),
  ...prefaceSettings,
  trusted_proxies: list(cidr()).prefault([]).describe(
    "Clients whose PROXY headers, with `proxy_protocol`, and whose X-Forwarded-*, X-Real-IP and " +
      "Forwarded fields are believed.",
  ),
  ...accessSettings,
  limits: limits.prefault({}).describe("What clients of the listener may use up."),
  timeouts: timeouts.prefault({}).describe("How long a connection may stay silent."),
  rate_limit: rateLimit.optional().describe("How much one client may ask for."),
  tls: tls.optional().describe("Ends TLS on the listener: versions 1.2 and 1.3, always."),
  https_redirect: httpsRedirect().optional().describe(
    "Sends requests that no route takes to the same URL with https; `true` is " +
      "`{ port: 443, status: 308 }`. HTTP only.",
  ),
});

/** One server of an upstream. */
export const backendSchema = section({
  address: backendAddress().describe("Where the server is reached."),
  weight: wholeNumber(0, 65_535).prefault(1)
    .describe("Share of traffic relative to its neighbours; 0 means no new connections."),
  name: name().optional()
    .describe("Name in logs and status; the address unless it is set."),
  backup: flag().prefault(false).describe("Gets work only when no other backend can take it."),
  zone: name().optional().describe("Where the server stands; see `zone` at the top."),
  max_connections: wholeNumber(0, 1_000_000).prefault(0).describe(
    "Most work in flight on it, over all workers: connections for TCP, requests for HTTP; 0 is no " +
      "limit. What is over it waits in the `queue`.",
  ),
});

const atLeastOneBackend = "must have at least one backend: current value is []";

const upstream = section({
  algorithm: algorithm().prefault("round_robin").describe("How a backend is chosen."),
  hash_key: hashKey().optional().describe(
    "What `consistent_hash`, `maglev` and `rendezvous` go by; `client_ip` unless it is set.",
  ),
  bounded_load: ratio(1.01, 100).optional().describe(
    "Most work of a backend as a multiple of its fair share; what is over it goes on to the next. " +
      "For algorithms that go by a key.",
  ),
  slow_start: duration({ from: "zero" }).prefault("0s").describe(
    "A backend that came back gets a part of its share that grows for this long.",
  ),
  backends: list(backendSchema).min(1, { error: atLeastOneBackend })
    .describe("The servers of the upstream, at least one."),
  health_check: healthCheck.prefault({}).describe("How dead backends are found."),
  outlier_detection: outlierDetection,
  circuit_breaker: circuitBreaker.optional().describe(
    "Keeps work from a backend that fails; without this section there is none.",
  ),
  panic_threshold: panicThreshold,
  max_connections: wholeNumber(0, 10_000_000).prefault(0).describe(
    "Most work in flight on all backends together, over all workers; 0 is no limit. What is over it " +
      "waits in the `queue`.",
  ),
  connect_timeout: duration({ from: "above zero" }).prefault("5s")
    .describe("Longest wait for a connection to a backend, with its TLS."),
  tls: backendTls.optional().describe("TLS with the backends; without this section there is none."),
  proxy_protocol: proxyVersion().optional().describe(
    "Connections begin with a PROXY header that names the client. HTTP then uses a connection for " +
      "one client only.",
  ),
  response_timeout: duration({ from: "above zero" }).prefault("60s")
    .describe("Longest wait for the head of an answer, and for more of its body. HTTP only."),
  retry: retry.prefault({}).describe("What happens when a backend fails."),
  pool: pool.prefault({}).describe("Connections to the backends."),
  queue: queue.prefault({}).describe(
    "Where work waits while every backend has as much as it may have.",
  ),
  concurrency: concurrency.prefault({})
    .describe("A limit of each backend's work at once that follows how it does."),
  sticky: sticky.prefault({}).describe("Keeps a client on its backend."),
});

const shared = {
  listeners: list(listener).optional().describe(
    "The sockets that clients connect to, at least one.",
  ),
  upstreams: mapping(upstream, NAME_SCHEMA).optional()
    .describe("Groups of servers by name, at least one."),
};

/** What an included file may hold. */
export const includedSchema = section(shared);

/** The full form of the configuration. */
export const fullSchema = section({
  workers: workers().prefault("auto")
    .describe("Threads that carry traffic; `auto` is the number of cores."),
  sandbox: flag().prefault(true)
    .describe("Workers may reach only the addresses named in the configuration."),
  shutdown_delay: duration({ from: "zero" }).prefault("0s")
    .describe("On shutdown the readiness check fails at once; listeners close after this."),
  shutdown_timeout: duration({ from: "zero" }).prefault("30s")
    .describe("Connections still open this long after the listeners closed are cut."),
  zone: name().optional().describe(
    "Where this Weir runs: backends of the same zone are preferred to others.",
  ),
  watch: flag().prefault(false).describe(
    "The configuration is read again when its files change, those that it includes too.",
  ),
  log: log.prefault({}).describe("The operational log."),
  access_log: accessLog.optional().describe(
    "A line for each request over HTTP and each TCP connection; without this section there is none.",
  ),
  tracing: tracing.optional().describe(
    "Traces of HTTP requests for OpenTelemetry; without this section there are none.",
  ),
  tcp: tcp.prefault({}).describe("What is set of the kernel's TCP."),
  admin: admin.optional().describe("The admin interface; without it there is none."),
  include: list(inputPattern()).prefault([]).describe(
    "Files whose listeners and upstreams are added, relative to this file; `*` in the last part.",
  ),
  ...shared,
});

const port = () => wholeNumber(1, 65_535);

/** The short form of a TCP balancer: `loadbalancer`, `backends`, `healthcheck`. */
export const loadbalancerSchema = section({
  loadbalancer: section({
    listen_address: listenAddress().describe("Where clients connect to."),
    algorithm: algorithm().prefault("round_robin").describe("How a backend is chosen."),
  }).describe("Short form: one TCP listener."),
  backends: list(section({
    address: host().describe("Host name or IP address of the server."),
    port: port().describe("Port of the server."),
    weight: wholeNumber(0, 65_535).prefault(1).describe("Share of traffic."),
  })).min(1, { error: atLeastOneBackend }).describe("The servers, at least one."),
  healthcheck: section({
    interval: duration({ from: "above zero" }).prefault("30s").describe("Time between checks."),
    timeout: duration({ from: "above zero" }).prefault("5s").describe("Longest check."),
  }).prefault({}).describe("How dead backends are found."),
});

/** The short form of an HTTP balancer: `balancer`, `backends`, `pool`. */
export const balancerSchema = section({
  balancer: section({
    port: port().describe("Port that clients connect to, on every interface."),
    health_check_interval: duration({ from: "above zero" }).prefault("30s")
      .describe("Time between checks."),
    failure_threshold: positiveNumber().optional()
      .describe("Failures are detected by phi accrual, with this threshold."),
  }).describe("Short form: one HTTP listener."),
  backends: list(section({
    host: host().describe("Host name or IP address of the server."),
    port: port().describe("Port of the server."),
    weight: wholeNumber(0, 65_535).prefault(1).describe("Share of traffic."),
  })).min(1, { error: atLeastOneBackend }).describe("The servers, at least one."),
  pool: section(shortPool).prefault({}).describe("Connections to the backends."),
});

/** A document in full form, checked, with defaults. */
export type FullSettings = z.output<typeof fullSchema>;
/** The part of {@linkcode FullSettings} that included files may hold. */
export type IncludedSettings = z.output<typeof includedSchema>;
/** One listener, checked, with defaults. */
export type ListenerSettings = z.output<typeof listener>;
/** One upstream, checked, with defaults. */
export type UpstreamSettings = z.output<typeof upstream>;
/** One route, checked, with defaults. */
export type RouteSettings = z.output<typeof route>;
