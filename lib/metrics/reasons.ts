/**
 * Words of `X-Weir-Reason` with which Weir turns work away, and over TCP what would be such a word.
 * One that is not here is counted as `other`, so that none is lost.
 *
 * What the status counts by itself (`queue_full`, `queue_timeout`, `rate_limited` and connections
 * over a limit) is missing, because it is counted there.
 */
export const REASONS = [
  "bad_chunk",
  "bad_connection",
  "bad_field",
  "bad_framing",
  "bad_host",
  "bad_request",
  "bad_response",
  "bad_target",
  "bad_trailer",
  "bad_version",
  "body_timeout",
  "body_too_large",
  "circuit_open",
  "client_closed",
  "connect_failed",
  "connect_refused",
  "expectation_failed",
  "header_timeout",
  "headers_too_large",
  "no_backend",
  "no_host",
  "no_route",
  "panic",
  "pool_exhausted",
  "timeout",
  "tls_failed",
  "too_many_fields",
  "unsupported_coding",
  "unsupported_method",
  "unsupported_version",
  "upstream_reset",
  "upstream_status",
  "uri_too_long",
  "other",
] as const;

const PLACES: ReadonlyMap<string, number> = new Map(
  REASONS.map((reason, place) => [reason, place]),
);
const OTHER = REASONS.length - 1;

/** No refusals, or counted elsewhere. */
const NOT_COUNTED: ReadonlySet<string> = new Set([
  "denied",
  "https_redirect",
  "redirect",
  "route",
  "queue_full",
  "queue_timeout",
  "rate_limited",
]);

/** Place of a word in {@linkcode REASONS}; `undefined` when it is not to be counted. */
export function reasonPlace(reason: string): number | undefined {
  return NOT_COUNTED.has(reason) ? undefined : PLACES.get(reason) ?? OTHER;
}

/** Why something is tried again. */
export const RETRY_REASONS = [
  "connect",
  "reset",
  "timeout",
  "status_502",
  "status_503",
  "status_504",
  /** A pooled connection had died unseen: neither paid for nor held against anybody. */
  "stale",
] as const;

export type RetryReason = typeof RETRY_REASONS[number];
