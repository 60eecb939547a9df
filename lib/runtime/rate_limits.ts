import type {
  Config,
  HttpListenerConfig,
  ListenerConfig,
  RateLimitConfig,
} from "../config/types.ts";
import { LogThrottle } from "../core/log.ts";
import { createRateBuffer, RateLimiter } from "../limit/rate_limiter.ts";
import type { HttpFront } from "../proxy/http_route.ts";
import {
  clientNetwork,
  createRateGuard,
  type RateGuard,
  refuseOverRate,
} from "../proxy/rate_guard.ts";
import type { TcpRoute, ThreadParts } from "../proxy/tcp_route.ts";

/** Every rate limit of a configuration, in the order of their buffers. */
export function rateLimitsOf({ listeners }: Config): RateLimitConfig[] {
  return listeners.flatMap((listener) => {
    const routes = listener.protocol === "http" ? listener.routes : [];
    return [listener, ...routes].flatMap(({ rateLimit }) => rateLimit ?? []);
  });
}

/** What all threads share of the rate limits of a configuration. */
export interface SharedRates {
  readonly config: Config;
  /** In the order of {@linkcode rateLimitsOf}. */
  readonly buffers: readonly SharedArrayBuffer[];
}

/** @param before of the configuration before: limits that are in both go on as they are */
export function shareRates(config: Config, before?: SharedRates): SharedRates {
  const known = new Map<string, SharedArrayBuffer>();
  before?.buffers.forEach((buffer, at) => known.set(keysOf(before.config)[at]!, buffer));
  const buffers = keysOf(config).map((key) => {
    return known.get(key) ?? createRateBuffer(crypto.getRandomValues(new Uint32Array(2)));
  });
  return { config, buffers };
}

/** What each rate limit is known by: its listener, its route, and its settings. */
function keysOf({ listeners }: Config): string[] {
  return listeners.flatMap((listener) => {
    const routes = listener.protocol === "http" ? listener.routes : [];
    const limited = [{ match: undefined, rateLimit: listener.rateLimit }, ...routes];
    return limited.flatMap(({ match, rateLimit }) => {
      return rateLimit === undefined ? [] : JSON.stringify([listener.name, match, rateLimit]);
    });
  });
}

/** The rate limits of one thread. */
export class RateLimits {
  readonly #limiters = new Map<RateLimitConfig, RateLimiter>();
  readonly #now: () => number;

  /**
   * @param buffers of {@linkcode SharedRates}, the same for all threads
   * @param now monotonic milliseconds of a clock that all threads share
   */
  constructor(config: Config, buffers: readonly SharedArrayBuffer[], now: () => number) {
    this.#now = now;
    rateLimitsOf(config).forEach((limit, place) => {
      const buffer = buffers[place];
      if (buffer === undefined) throw new TypeError("Cannot limit a rate: it has no buffer");
      this.#limiters.set(limit, new RateLimiter(limit, buffer));
    });
  }

  /** The guard of a limit; absent where there is none. */
  guard(limit: RateLimitConfig | undefined): RateGuard | undefined {
    const limiter = limit && this.#limiters.get(limit);
    return limit && limiter && createRateGuard(limit, limiter);
  }

  /** The check of an HTTP listener's requests; absent where nothing is limited. */
  refusal(
    config: HttpListenerConfig,
    index: number,
    thread: ThreadParts,
  ): HttpFront["refuse"] {
    if ([config, ...config.routes].every(({ rateLimit }) => rateLimit === undefined)) return;
    const own = this.guard(config.rateLimit);
    const tell = rateTeller(config, index, thread, "Request refused: over the rate limit");
    return (client, head, route) => {
      const guards = [own, route?.rateLimit].filter((guard) => guard !== undefined);
      const refusal = refuseOverRate(guards, client, head, this.#now());
      if (refusal !== undefined) tell(client.address);
      return refusal;
    };
  }

  /** The check of a TCP listener's connections; absent where they are not limited. */
  connectionLimit(
    config: ListenerConfig,
    index: number,
    thread: ThreadParts,
  ): TcpRoute["isOverRate"] {
    const limiter = this.guard(config.rateLimit)?.limiter;
    if (limiter === undefined) return undefined;
    const tell = rateTeller(config, index, thread, "Connection closed: over the rate limit");
    return (address) => {
      if (limiter.take(clientNetwork(address), this.#now()) <= 0) return false;
      tell(address);
      return true;
    };
  }
}

/** Counts what is over a limit, and tells the log of some. */
function rateTeller(
  { name: listener }: ListenerConfig,
  index: number,
  { table, worker, timeouts, log }: ThreadParts,
  message: string,
): (peer: string | undefined) => void {
  const throttle = new LogThrottle();
  return (peer) => {
    table.countListener(worker, index, "rateLimited");
    const suppressed = throttle.admit(timeouts.nowMs);
    if (suppressed === undefined) return;
    const fields = { listener, peer, suppressed };
    log.write({ level: "warning", category: "listener", message, fields });
  };
}
