import type { HttpListenerConfig, TcpListenerConfig } from "../config/types.ts";
import type { AccessSink } from "../access/record.ts";
import { connectionKey } from "../proxy/affinity_key.ts";
import type { HttpFront, HttpUpstream } from "../proxy/http_route.ts";
import { Opening } from "../proxy/opening.ts";
import { SniProxy } from "../proxy/sni_proxy.ts";
import { TcpProxy } from "../proxy/tcp_proxy.ts";
import type { TcpRoute, ThreadParts } from "../proxy/tcp_route.ts";
import { NameMap } from "../route/name_map.ts";
import type { Tracer } from "../tracing/tracer.ts";
import { buildHttpFront } from "./http_front.ts";
import { upstreamsOf } from "./layout.ts";
import type { Way } from "./listener_set.ts";
import type { RateLimits } from "./rate_limits.ts";
import { refusalTeller } from "./refusal_teller.ts";
import type { UpstreamSet } from "./upstream_set.ts";

/** What a listener's proxy is built from. */
export interface ProxyParts {
  /** Place of the listener's cells in the shared table. */
  readonly index: number;
  readonly upstreams: UpstreamSet;
  readonly thread: ThreadParts;
  /** The rate limits of the thread; absent where the configuration has none. */
  readonly rates: RateLimits | undefined;
  /** Absent where there is no access log. */
  readonly access?: AccessSink | undefined;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Where a TCP listener's connections are to go. */
export function buildTcpWay(config: TcpListenerConfig, parts: ProxyParts): Way {
  const { index, thread, rates } = parts;
  const isOverRate = rates?.connectionLimit(config, index, thread);
  if (config.sni !== undefined) {
    const proxy = buildSniProxy({ config, sni: config.sni, parts, isOverRate });
    return { protocol: "sni", proxy };
  }
  const route = buildTcpRoute(config.upstream ?? "", config, parts);
  return { protocol: "tcp", route: { ...route, ...(isOverRate && { isOverRate }) } };
}

interface SniParts {
  readonly config: TcpListenerConfig;
  readonly sni: NonNullable<TcpListenerConfig["sni"]>;
  readonly parts: ProxyParts;
  readonly isOverRate: TcpRoute["isOverRate"];
}

function buildSniProxy({ config, sni, parts, isOverRate }: SniParts): SniProxy {
  // The rate limit is asked for before the hello is read, and only once.
  const proxies = new Map([...upstreamsOf(config)].map((name) => {
    return [name, new TcpProxy(buildTcpRoute(name, config, parts))] as const;
  }));
  const teller = { config, index: parts.index, thread: parts.thread };
  return new SniProxy({
    routes: new NameMap(sni.routes.map(({ name, upstream }) => [name, proxies.get(upstream)!])),
    fallback: config.upstream === undefined ? undefined : proxies.get(config.upstream),
    timeoutMs: sni.timeoutMs,
    ...(isOverRate && { isOverRate }),
    proxies: [...proxies.values()],
    onNoHello: refusalTeller(teller, NO_HELLO),
    onUnknownName: refusalTeller(teller, UNKNOWN_NAME),
    thread: parts.thread,
  });
}

const NO_HELLO = {
  counter: "helloRefused",
  level: "info",
  message: "Connection closed: no TLS ClientHello",
} as const;
const UNKNOWN_NAME = {
  counter: "unknownName",
  level: "info",
  message: "Connection closed: no route for the server name",
} as const;

function buildTcpRoute(name: string, config: TcpListenerConfig, parts: ProxyParts): TcpRoute {
  const { index, upstreams, thread } = parts;
  const entry = upstreams.get(name);
  if (entry === undefined) throw new TypeError(`Cannot build listener: no upstream "${name}"`);
  const { upstream, room, warm, place } = entry;
  const meter = thread.meters.listener(index);
  const { hashKey, connectTimeoutMs, retry } = entry.config;
  return {
    listener: config.name,
    index,
    meter,
    upstream,
    link: meter.to(place),
    ...(room && { room }),
    key: connectionKey(hashKey),
    connectTimeoutMs,
    opening: new Opening(entry.config, thread),
    retryAttempts: retry.attempts,
    splice: {
      buffers: thread.buffers,
      timeouts: thread.timeouts,
      idleTimeoutMs: config.idleTimeoutMs,
      tunnelTimeoutMs: config.tunnelTimeoutMs,
    },
    ...(warm === undefined ? {} : { takeWarm: (backend) => warm.take(backend) }),
    ...(parts.access && { access: parts.access }),
    thread,
  };
}

/** Everything that an HTTP listener's requests will need. */
export function buildFront(config: HttpListenerConfig, parts: ProxyParts): HttpFront {
  const { index, upstreams, thread, random, rates, access, tracer } = parts;
  const http = new Map<string, HttpUpstream>();
  for (const name of upstreamsOf(config)) {
    const entry = upstreams.get(name);
    if (entry !== undefined) http.set(name, entry.http);
  }
  return buildHttpFront({ config, index, upstreams: http, thread, random, rates, access, tracer });
}
