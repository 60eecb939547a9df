import type { BreakerPolicy } from "../breaker/policy.ts";
import type { OutlierPolicy } from "../health/outlier_policy.ts";
import type { Address } from "../core/address.ts";
import type { ClientTls } from "../core/client_tls.ts";
import type { BackendSpec } from "../core/types.ts";
import type { LimitPolicy } from "../limit/create_limit.ts";
import type { Rate } from "../limit/gcra.ts";
import type { AccessConfig, ProxyProtocolConfig, SniConfig } from "./types_front.ts";
import type { HealthCheckConfig } from "./types_health.ts";
import type { HttpsRedirectConfig, TlsConfig } from "./types_tls.ts";

export type {
  AccessConfig,
  ProxyProtocolConfig,
  SniConfig,
  SniRouteConfig,
} from "./types_front.ts";
import type { AccessLogConfig, AdminConfig, LogConfig, TracingConfig } from "./types_process.ts";

export type { AccessLogConfig, AdminConfig, LogConfig, TracingConfig } from "./types_process.ts";
export type {
  DetectorConfig,
  HealthCheckConfig,
  HttpProbeConfig,
  ProbeConfig,
  StatusRange,
  TcpProbeConfig,
} from "./types_health.ts";

/**
 * The whole configuration: validated, defaulted, frozen, and plain enough for `postMessage`.
 * Durations are milliseconds.
 */
export interface Config {
  /** Data plane threads, 1 to 256; `auto` is resolved to the number of cores. */
  readonly workers: number;
  /** Workers may reach only the addresses named in the configuration. */
  readonly sandbox: boolean;
  /** From the readiness check failing to the listeners closing. */
  readonly shutdownDelayMs: number;
  /** From the listeners closing to open connections being cut. */
  readonly shutdownTimeoutMs: number;
  /** The configuration is read again when its files change; absent: when somebody asks. */
  readonly watch?: true;
  readonly log: LogConfig;
  /** Absent: none. */
  readonly accessLog?: AccessLogConfig;
  /** Absent: none. */
  readonly tracing?: TracingConfig;
  /** The kernel's algorithm for TCP, say `bbr`; absent: the system's. */
  readonly congestionControl?: string;
  /** Where this Weir runs; absent: zones of backends do not count. */
  readonly zone?: string;
  /** Absent: no admin listener. */
  readonly admin?: AdminConfig;
  readonly listeners: readonly ListenerConfig[];
  readonly upstreams: readonly UpstreamConfig[];
}

/** One bound socket. */
export type ListenerConfig = TcpListenerConfig | HttpListenerConfig;

/** What every listener has. */
export interface ListenerBase {
  readonly name: string;
  readonly address: Address;
  /** Most client connections at once, over all workers. */
  readonly maxConnections: number;
  /** The same of one IPv4 address or IPv6 /64, 1 or more; absent: no limit. */
  readonly maxConnectionsPerIp?: number;
  /** Silence allowed once bytes have gone both ways, or after an upgrade. */
  readonly tunnelTimeoutMs: number;
  /** Absent: no limit. Over TCP it counts connections, by `client_ip`. */
  readonly rateLimit?: RateLimitConfig;
  /** Which clients may connect; absent: everybody. */
  readonly access?: AccessConfig;
  /** Absent: connections begin with what the client says. */
  readonly proxyProtocol?: ProxyProtocolConfig;
  /** Absent: what comes is not encrypted, or not for Weir to decrypt. */
  readonly tls?: TlsConfig;
}

/** How much each key may have. */
export interface RateLimitConfig extends Rate {
  readonly key: RateKey;
}

/** What requests are told apart by for their rate. */
export type RateKey =
  | { readonly kind: "client_ip" }
  | { readonly kind: "header" | "cookie"; readonly name: string };

/** Carries bytes. */
export interface TcpListenerConfig extends ListenerBase {
  readonly protocol: "tcp";
  /** Name of an upstream in {@linkcode Config.upstreams}; with `sni` it may be absent. */
  readonly upstream?: string;
  /** Absent: all connections go to `upstream`. Otherwise those whose name has no route. */
  readonly sni?: SniConfig;
  /** Silence allowed before both sides have spoken, and after one side has ended. */
  readonly idleTimeoutMs: number;
}

/** Carries HTTP/1.1 requests. */
export interface HttpListenerConfig extends ListenerBase {
  readonly protocol: "http";
  /** In order; the first that matches wins. A listener's own `upstream` is the last, for all. */
  readonly routes: readonly RouteConfig[];
  readonly limits: HttpLimits;
  /** To the end of a head: of the first from the start of the connection, else from its first byte. */
  readonly headerTimeoutMs: number;
  /** Longest wait for more of a request's body, and for a client to take more of an answer. */
  readonly bodyTimeoutMs: number;
  /** Longest wait for the next request on a connection. */
  readonly idleTimeoutMs: number;
  /** CIDRs of peers whose X-Forwarded-*, X-Real-IP and Forwarded are believed. */
  readonly trustedProxies: readonly string[];
}

/** What a stranger may send. */
export interface HttpLimits {
  readonly headBytes: number;
  readonly fieldCount: number;
  /** 0: no limit. */
  readonly bodyBytes: number;
}

/** Which requests go where. */
export interface RouteConfig {
  readonly match: RouteMatch;
  readonly action: RouteAction;
  /** Absent: the path goes on as it came. */
  readonly rewrite?: RewriteConfig;
  readonly requestHeaders: HeaderChanges;
  readonly responseHeaders: HeaderChanges;
  /** From the head of a request to the head of its answer, over all attempts. Absent: no limit. */
  readonly timeoutMs?: number;
  /** Holds beside that of the listener. Absent: no limit. */
  readonly rateLimit?: RateLimitConfig;
  /** Which clients are served; absent: everybody. */
  readonly access?: AccessConfig;
}

/** Everything that is given has to hold. */
export interface RouteMatch {
  /** Lower case, without a port; `*.example.com` is every name below example.com. */
  readonly host?: string;
  readonly path?: string;
  /** A prefix of whole segments: `/v1` is `/v1` and `/v1/x`, not `/v1x`. */
  readonly pathPrefix?: string;
  /** Source of a regular expression that has to match somewhere in the path. */
  readonly pathRegex?: string;
  readonly methods?: readonly string[];
  /** Lower-case names to exact values; `*` is any value. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

/** What a route does with a request. */
export type RouteAction =
  | { readonly kind: "forward"; readonly split: readonly SplitShare[] }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  | { readonly kind: "https_redirect" } & HttpsRedirectConfig
  | {
    readonly kind: "respond";
    readonly status: number;
    readonly body: string;
    readonly contentType: string;
  };

/** One upstream's part of a route's requests. */
export interface SplitShare {
  readonly upstream: string;
  /** Above 0, relative to the other shares. */
  readonly weight: number;
}

/** How a path changes on its way. */
export interface RewriteConfig {
  readonly stripPrefix?: string;
  /** Put before what is left. */
  readonly addPrefix?: string;
}

/** Changes to the fields of a head, in the order remove, set, add. */
export interface HeaderChanges {
  readonly remove: readonly string[];
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
}

/** A named group of backends behind one algorithm. */
export interface UpstreamConfig {
  readonly name: string;
  /** A canonical name of `lib/balancer/registry.ts`. */
  readonly algorithm: string;
  readonly backends: readonly BackendSpec[];
  /** What the algorithm goes by; absent where it goes by no key. */
  readonly hashKey?: HashKey;
  /** Most work of a backend as a multiple of its fair share; absent: no bound. */
  readonly boundedLoad?: number;
  /** How long a backend that came back gets less than its share; 0: at no time. */
  readonly slowStartMs: number;
  /** Absent: backends are never probed and always count as healthy. */
  readonly healthCheck?: HealthCheckConfig;
  /** Absent: no circuit breakers. */
  readonly circuitBreaker?: BreakerPolicy;
  /** Absent: no outlier detection. */
  readonly outlierDetection?: OutlierPolicy;
  /** Percent of the weight that has to be well, or all backends are tried; absent: 0, never. */
  readonly panicThreshold?: number;
  /** Most work in flight on all backends together, 1 or more; absent: no limit. */
  readonly maxConnections?: number;
  readonly connectTimeoutMs: number;
  /** Absent: no TLS with the backends. */
  readonly tls?: ClientTls;
  /** Version of the PROXY header that connections begin with; absent: none. */
  readonly proxyProtocol?: 1 | 2;
  readonly retry: RetryConfig;
  readonly pool: PoolConfig;
  /** Where work waits while every backend has as much as it may have. */
  readonly queue: QueueConfig;
  /** How much work each backend is given at once; absent: as much as comes. */
  readonly concurrency?: LimitPolicy;
  /** Longest wait for an answer's head, and for more of its body. HTTP only. */
  readonly responseTimeoutMs: number;
  /** Absent: requests of one client may go anywhere. HTTP only. */
  readonly sticky?: StickyConfig;
}

/** What of a client or request decides its backend. TCP has the first two alone. */
export type HashKey =
  /** The address as NGINX `ip_hash` takes it: for IPv4 its first three octets. */
  | { readonly kind: "network" | "client_ip" | "path" }
  | { readonly kind: "header" | "cookie" | "query"; readonly name: string };

/** What failed and may be tried again. */
export type RetryCondition =
  | "connect"
  | "reset"
  | "timeout"
  | "status_502"
  | "status_503"
  | "status_504";

/** When another backend is tried. */
export interface RetryConfig {
  /** Further backends tried, 0 or more. */
  readonly attempts: number;
  /** TCP listeners retry `connect` alone. */
  readonly on: readonly RetryCondition[];
  /** Retries allowed as a share of requests, 0 to 1, beside a floor of ten a second. */
  readonly budget: number;
}

/**
 * Connections to a backend. Raw TCP never uses one twice: its pool holds only those that are kept
 * ready, and `maxActive` is for HTTP alone.
 */
export interface PoolConfig {
  /** Idle connections kept per backend and thread. */
  readonly maxIdle: number;
  /** Connections per backend over all threads. */
  readonly maxActive: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  /** Unused connections kept open ahead of need, per backend and thread. */
  readonly warm: number;
}

/** How work waits for a backend. */
export interface QueueConfig {
  /** Most that wait, per thread; 0: nobody does. */
  readonly size: number;
  readonly timeoutMs: number;
  /** Newest first once the first has waited for longer than this ... */
  readonly targetMs: number;
  /** ... for as long as this. */
  readonly intervalMs: number;
}

/** Keeps a client's requests on one backend. */
export interface StickyConfig {
  /** Name of the cookie. */
  readonly cookie: string;
  readonly ttlMs: number;
  /** Signs the cookie's value, so that a client cannot choose its backend. */
  readonly secret: string;
}
