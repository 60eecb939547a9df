import type { BackendLook, ListenerLook, StatusLook } from "./status.ts";

/** What happened in all of Weir between two looks, each a number of times. */
export interface Flow {
  /** HTTP requests. */
  readonly requests: number;
  readonly connections: number;
  /** Of clients that got no answer, or part of one, because nobody could give it. */
  readonly notServed: number;
  /** The same over TCP only, where no status tells the client. */
  readonly notServedTcp: number;
  readonly answersCut: number;
  /** Of clients at one of Weir's limits. */
  readonly limited: number;
  readonly retries: number;
  /** Retries that the budget did not allow. */
  readonly retriesDenied: number;
  /** Attempts on backends, those that were tried again included. */
  readonly failedAttempts: number;
  readonly bytesToBackends: number;
  readonly bytesToClients: number;
}

/** How far a counter went up; one that is lower than before began anew at zero. */
export function increase(later: number, earlier: number | undefined): number {
  if (earlier === undefined) return 0;
  return later < earlier ? later : later - earlier;
}

/** What happened between two looks. What is in one of them only, after a reload, is left out. */
export function flowBetween(earlier: StatusLook, later: StatusLook): Flow {
  const listeners = pairsOf(earlier.listeners, later.listeners, ({ name }) => name);
  const backends = pairsOf(backendsOf(earlier), backendsOf(later), ([key]) => key)
    .map(([before, after]) => [before[1], after[1]] as const);
  const ofListeners = (count: (listener: ListenerLook) => number) => sumOf(listeners, count);
  const ofBackends = (count: (backend: BackendLook) => number) => sumOf(backends, count);
  return {
    requests: ofListeners(({ requests }) => requests),
    connections: ofListeners(({ accepted }) => accepted),
    notServed: ofListeners(notServed),
    notServedTcp: ofListeners((listener) => listener.protocol === "http" ? 0 : notServed(listener)),
    answersCut: ofListeners(({ answersCut }) => answersCut),
    limited: ofListeners((one) => one.rejected + one.rejectedPerIp + one.rateLimited),
    retries: ofListeners(({ retries }) => retries),
    retriesDenied: ofListeners(({ retriesDenied }) => retriesDenied ?? 0),
    failedAttempts: ofBackends((backend) => backend.connectFailures + backend.failures),
    bytesToBackends: ofBackends(({ bytesToBackend }) => bytesToBackend),
    bytesToClients: ofBackends(({ bytesToClient }) => bytesToClient),
  };
}

/** Work that a backend was given since the start: requests, or connections over TCP. */
export function workOf({ requests, connections }: BackendLook): number {
  return Math.max(requests, connections);
}

/** All backends with the key that tells them apart. */
export function backendsOf({ upstreams }: StatusLook): (readonly [string, BackendLook])[] {
  return upstreams.flatMap(({ name, backends }) => {
    return backends.map((backend) => [keyOf(name, backend.id), backend] as const);
  });
}

/** The two names of a backend as one: neither can hold a line break. */
export function keyOf(upstream: string, backend: string): string {
  return `${upstream}\n${backend}`;
}

function notServed({ noBackend, queueFull, queueTimeouts }: ListenerLook): number {
  return noBackend + queueFull + queueTimeouts;
}

function pairsOf<T>(
  earlier: readonly T[],
  later: readonly T[],
  key: (one: T) => string,
): (readonly [T, T])[] {
  const before = new Map(earlier.map((one) => [key(one), one]));
  return later.flatMap((after) => {
    const one = before.get(key(after));
    return one === undefined ? [] : [[one, after] as const];
  });
}

function sumOf<T>(pairs: readonly (readonly [T, T])[], count: (one: T) => number): number {
  return pairs.reduce((sum, [before, after]) => sum + increase(count(after), count(before)), 0);
}
