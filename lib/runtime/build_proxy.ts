import type { HttpListenerConfig, TcpListenerConfig } from "../config/types.ts";
import type { AccessSink } from "../access/record.ts";
import { connectionKey } from "../proxy/affinity_key.ts";
import type { HttpFront, HttpUpstream } from "../proxy/http_route.ts";
import type { TcpRoute, ThreadParts } from "../proxy/tcp_route.ts";
import type { Tracer } from "../tracing/tracer.ts";
import { buildHttpFront } from "./http_front.ts";
import { upstreamsOf } from "./layout.ts";
import type { RateLimits } from "./rate_limits.ts";
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

/** Everything that a TCP listener's connections will need. */
export function buildTcpRoute(config: TcpListenerConfig, parts: ProxyParts): TcpRoute {
  const { index, upstreams, thread, rates, access } = parts;
  const entry = upstreams.get(config.upstream);
  if (entry === undefined) {
    throw new TypeError(`Cannot build listener: no upstream "${config.upstream}"`);
  }
  const { upstream, room, warm, place } = entry;
  const meter = thread.meters.listener(index);
  const { hashKey, connectTimeoutMs, retry } = entry.config;
  const isOverRate = rates?.connectionLimit(config, index, thread);
  return {
    listener: config.name,
    index,
    meter,
    upstream,
    link: meter.to(place),
    ...(room && { room }),
    key: connectionKey(hashKey),
    connectTimeoutMs,
    retryAttempts: retry.attempts,
    splice: {
      buffers: thread.buffers,
      timeouts: thread.timeouts,
      idleTimeoutMs: config.idleTimeoutMs,
      tunnelTimeoutMs: config.tunnelTimeoutMs,
    },
    ...(warm === undefined ? {} : { takeWarm: (backend) => warm.take(backend) }),
    ...(isOverRate === undefined ? {} : { isOverRate }),
    ...(access && { access }),
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
