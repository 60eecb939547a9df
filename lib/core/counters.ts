import { TLS_COUNTERS } from "./tls_counters.ts";

/** What a worker counts per backend. Totals since start, but for what is said to go down too. */
export const BACKEND_COUNTERS = [
  "connections",
  "connectFailures",
  "failures",
  /** Work that ended well. */
  "successes",
  "bytesToBackend",
  "bytesToClient",
  "requests",
  /** Requests on a connection that had carried one before. */
  "reuses",
  /** Connections not opened because the most were open. */
  "poolExhausted",
  /** Connections that are idle in pools: goes up and down. */
  "idle",
] as const;
/** What a worker counts per listener. Totals since start. */
export const LISTENER_COUNTERS = [
  "accepted",
  "rejected",
  /** Connections of clients that had as many as they may have. */
  "rejectedPerIp",
  "denied",
  "proxyRefused",
  "helloRefused",
  "unknownName",
  "noBackend",
  /** Found backends and queue full, or waited in vain. */
  "queueFull",
  "queueTimeouts",
  /** Requests, over TCP connections, beyond a rate limit. */
  "rateLimited",
  /** Retries that the budget did not allow. */
  "retriesDenied",
  "requests",
  /** Answers that a backend began and did not end. */
  "answersCut",
  ...TLS_COUNTERS,
] as const;

export type BackendCounter = typeof BACKEND_COUNTERS[number];
export type ListenerCounter = typeof LISTENER_COUNTERS[number];

/** Where each stands in its slab. */
export const BACKEND_PLACE = placesOf(BACKEND_COUNTERS);
export const LISTENER_PLACE = placesOf(LISTENER_COUNTERS);

function placesOf<K extends string>(names: readonly K[]): Readonly<Record<K, number>> {
  return Object.fromEntries(names.map((name, place) => [name, place])) as Record<K, number>;
}
