import type { RateKey, RateLimitConfig } from "../config/types.ts";
import { parseIp } from "../core/cidr.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { Rate } from "../limit/gcra.ts";
import type { RateLimiter } from "../limit/rate_limiter.ts";
import { clientAddress, type KeyClient, namedValue } from "./affinity_key.ts";
import type { LocalAnswer } from "./local_answer.ts";

/** One rate limit with what its requests are told apart by. */
export interface RateGuard {
  readonly limiter: RateLimiter;
  readonly keyOf: (client: KeyClient, head: RequestHead) => string;
}

/** The guard of a limit of HTTP requests. */
export function createRateGuard({ key }: RateLimitConfig, limiter: RateLimiter): RateGuard {
  return { limiter, keyOf: keyReader(key) };
}

/**
 * Takes a request out of all limits, or out of none: one that a limit refuses is not held against
 * its client by another. Only when threads meet in the last request of a limit may one be lost.
 *
 * @returns `undefined` when it may pass, or the answer to it
 */
export function refuseOverRate(
  guards: readonly RateGuard[],
  client: KeyClient,
  head: RequestHead,
  nowMs: number,
): LocalAnswer | undefined {
  if (guards.length > 1) {
    const refusal = longest(
      guards,
      (guard) => guard.limiter.peek(guard.keyOf(client, head), nowMs),
    );
    if (refusal !== undefined) return refusal;
  }
  return longest(guards, (guard) => guard.limiter.take(guard.keyOf(client, head), nowMs));
}

/** The answer of the limit that has the client wait the longest. */
function longest(
  guards: readonly RateGuard[],
  waitOf: (guard: RateGuard) => number,
): LocalAnswer | undefined {
  let worstMs = 0;
  let rate: Rate | undefined;
  for (const guard of guards) {
    const waitMs = waitOf(guard);
    if (waitMs <= worstMs) continue;
    worstMs = waitMs;
    rate = guard.limiter.rate;
  }
  return rate && tooMany(rate, worstMs);
}

/**
 * The fields are those of draft-ietf-httpapi-ratelimit-headers-06, which clients know. Later drafts
 * put all into one field and are not finished either. By section 5 of the draft the reset is at the
 * moment that `Retry-After` names.
 */
function tooMany({ requests }: Rate, waitMs: number): LocalAnswer {
  const retryAfterS = Math.ceil(waitMs / 1000);
  return {
    status: 429,
    reason: "rate_limited",
    retryAfterS,
    fields: [
      ["RateLimit-Limit", String(requests)],
      ["RateLimit-Remaining", "0"],
      ["RateLimit-Reset", String(retryAfterS)],
    ],
  };
}

/**
 * A request without the header or the cookie counts by its network: leaving it out is no way around
 * the limit, and no way to use up what others have that leave it out.
 */
function keyReader(key: RateKey): RateGuard["keyOf"] {
  const networkOf: RateGuard["keyOf"] = (client, head) =>
    clientNetwork(clientAddress(client, head));
  if (key.kind === "client_ip") return networkOf;
  return (client, head) => {
    const value = namedValue(key, head);
    // No network begins like that.
    return value === undefined ? networkOf(client, head) : `=${value}`;
  };
}

/**
 * What counts as one client: an IPv4 address, of IPv6 the first 64 bits, which is the least that a
 * customer gets (RFC 6177). All who come over Unix sockets are one.
 */
export function clientNetwork(address: string | undefined): string {
  if (address === undefined) return "unix";
  if (!address.includes(":")) return address;
  const zone = address.indexOf("%");
  const ip = parseIp(zone < 0 ? address : address.slice(0, zone));
  if (ip === undefined) return address;
  // IPv4 that came over IPv6 (RFC 4291 section 2.5.5.2).
  if (ip >> 32n === 0xffffn) return formatIpv4(Number(ip & 0xffffffffn));
  return (ip >> 64n).toString(16);
}

function formatIpv4(ip: number): string {
  return [ip >>> 24, ip >>> 16 & 255, ip >>> 8 & 255, ip & 255].join(".");
}
