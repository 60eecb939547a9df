import type {
  BackendLook,
  ListenerLook,
  StatusLook,
  UpstreamLook,
} from "../../../dashboard/status.ts";

/** A listener without traffic, but for what is said. */
export function listener(changes: Partial<ListenerLook> = {}): ListenerLook {
  return {
    name: "main",
    address: "127.0.0.1:80",
    protocol: "http",
    active: 0,
    accepted: 0,
    rejected: 0,
    rejectedPerIp: 0,
    noBackend: 0,
    queueFull: 0,
    queueTimeouts: 0,
    rateLimited: 0,
    retries: 0,
    requests: 0,
    answersCut: 0,
    ...changes,
  };
}

/** A backend that is well and idle, but for what is said. */
export function backend(changes: Partial<BackendLook> = {}): BackendLook {
  return {
    id: "a",
    address: "127.0.0.1:81",
    weight: 1,
    state: "ready",
    up: true,
    circuit: "closed",
    ejected: false,
    inFlight: 0,
    concurrencyLimit: 0,
    connections: 0,
    requests: 0,
    connectFailures: 0,
    failures: 0,
    bytesToBackend: 0,
    bytesToClient: 0,
    ...changes,
  };
}

/** An upstream of these backends. */
export function upstream(name: string, backends: readonly BackendLook[]): UpstreamLook {
  const queue = { length: 0, longestWaitMs: 0 };
  return { name, algorithm: "round_robin", queue, panic: false, backends };
}

/** A status of one listener and these upstreams, but for what is said. */
export function status(
  upstreams: readonly UpstreamLook[],
  changes: Partial<StatusLook> = {},
): StatusLook {
  const rest = { version: "0.1.0", ready: true, workers: 1, workerRestarts: 0 };
  return { ...rest, listeners: [listener()], upstreams, ...changes };
}
