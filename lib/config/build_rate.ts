import type { ListenerSettings } from "./schema.ts";
import type { RateLimitConfig } from "./types.ts";

/** The part of a listener's or a route's configuration that limits its rate. */
export function buildRateLimit(
  settings: ListenerSettings["rate_limit"],
): { readonly rateLimit?: RateLimitConfig } {
  if (settings === undefined) return {};
  const { requests, per: perMs, burst = requests, key } = settings;
  return { rateLimit: { requests, perMs, burst, key } };
}
