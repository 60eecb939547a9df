import type { TcpListenerConfig } from "../config/types.ts";
import { connectionKey } from "../proxy/affinity_key.ts";
import { Opening } from "../proxy/opening.ts";
import { SniProxy } from "../proxy/sni_proxy.ts";
import { TcpProxy } from "../proxy/tcp_proxy.ts";
import type { TcpRoute, ThreadParts } from "../proxy/tcp_route.ts";
import { NameMap } from "../route/name_map.ts";
import type { RateLimits } from "./rate_limits.ts";
import { refusalTeller } from "./refusal_teller.ts";
import type { TcpUpstreamParts } from "./tcp_upstreams.ts";
import type { UpstreamParts } from "./upstream_parts.ts";

/** What a TCP listener is built from. */
export interface TcpFrontOptions {
  readonly config: TcpListenerConfig;
  /** Place of the listener's cells in the shared table. */
  readonly index: number;
  readonly upstreams: ReadonlyMap<string, UpstreamParts>;
  /** The connections that are kept ready for an upstream; absent where none are. */
  readonly warmOf: (parts: UpstreamParts) => TcpUpstreamParts | undefined;
  readonly thread: ThreadParts;
  /** The rate limits of the thread; absent where the configuration has none. */
  readonly rates?: RateLimits | undefined;
}

/** The proxies of one TCP listener. */
export interface TcpFront {
  /** Gets the connections. */
  readonly entry: TcpProxy | SniProxy;
  /** All of them, the entry too. */
  readonly proxies: readonly (TcpProxy | SniProxy)[];
}

/** Resolves everything that a listener's connections will need. */
export function buildTcpFront(options: TcpFrontOptions): TcpFront {
  const { config, index, thread } = options;
  const isOverRate = options.rates?.connectionLimit(config, index, thread);
  if (config.sni === undefined) {
    const entry = buildProxy(config.upstream ?? "", options, isOverRate);
    return { entry, proxies: [entry] };
  }
  const { routes, timeoutMs } = config.sni;
  const names = new Set([...routes.map(({ upstream }) => upstream), config.upstream ?? []].flat());
  // The rate limit is asked for before the hello is read, and only once.
  const proxies = new Map([...names].map((name) => [name, buildProxy(name, options)]));
  const entry = new SniProxy({
    routes: new NameMap(routes.flatMap(({ name, upstream }) => {
      const proxy = proxies.get(upstream);
      return proxy === undefined ? [] : [[name, proxy] as const];
    })),
    fallback: config.upstream === undefined ? undefined : proxies.get(config.upstream),
    timeoutMs,
    ...(isOverRate === undefined ? {} : { isOverRate }),
    onNoHello: refusalTeller(options, NO_HELLO),
    onUnknownName: refusalTeller(options, UNKNOWN_NAME),
    thread,
  });
  return { entry, proxies: [entry, ...proxies.values()] };
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

function buildProxy(
  name: string,
  { config, index, upstreams, warmOf, thread }: TcpFrontOptions,
  isOverRate?: TcpRoute["isOverRate"],
): TcpProxy {
  const parts = upstreams.get(name);
  if (parts === undefined) throw new TypeError(`Cannot build listener: no upstream "${name}"`);
  const warm = warmOf(parts);
  return new TcpProxy({
    listener: config.name,
    index,
    upstream: parts.upstream,
    ...(parts.room && { room: parts.room }),
    key: connectionKey(parts.config.hashKey),
    connectTimeoutMs: parts.config.connectTimeoutMs,
    opening: new Opening(parts.config, thread),
    retryAttempts: parts.config.retry.attempts,
    splice: {
      buffers: thread.buffers,
      timeouts: thread.timeouts,
      idleTimeoutMs: config.idleTimeoutMs,
      tunnelTimeoutMs: config.tunnelTimeoutMs,
    },
    ...(warm === undefined ? {} : { takeWarm: (backend) => warm.take(backend) }),
    ...(isOverRate === undefined ? {} : { isOverRate }),
    thread,
  });
}
