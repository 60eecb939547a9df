import type { HealthCheckConfig, UpstreamConfig } from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import type { Logger } from "../core/log.ts";
import type { Watching } from "../health/checker.ts";
import type { HealthChange } from "../health/watch.ts";
import { writeProxyHeader } from "../net/proxy_header_write.ts";
import type { ConnectOptions, Transport } from "../net/transport.ts";
import type { PlacedBackend } from "./layout.ts";

/** Backends that one check is for: the same server in several upstreams. */
export interface Group {
  readonly check: HealthCheckConfig;
  readonly opening: ConnectOptions;
  /** At least one. */
  members: PlacedBackend[];
  /** Absent while operators have stopped the checks of all. */
  watching?: Watching;
  /** What was told last of the servers; absent: nothing since the checks began. */
  available?: boolean;
  /** Work that had ended well at the last look. */
  heard: number;
}

/** Backends that have a check, by what they share it by. */
export function groupsOf(backends: readonly PlacedBackend[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const backend of backends) {
    const { healthCheck: check, proxyProtocol } = backend.upstream;
    if (check === undefined) continue;
    const opening = openingOf(backend.upstream);
    const how = JSON.stringify([check, opening.tls, proxyProtocol]);
    const key = `${formatAddress(backend.spec.address)} ${how}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { check, opening, members: [backend], heard: 0 });
    else group.members.push(backend);
  }
  return groups;
}

/** How connections for checks begin: as for clients, but the PROXY header names none. */
function openingOf({ tls, proxyProtocol: version, healthCheck }: UpstreamConfig): ConnectOptions {
  return {
    ...(tls === undefined || healthCheck?.isPlain ? {} : { tls }),
    ...(version && { preface: writeProxyHeader({ version, command: "local" }) }),
  };
}

/** A transport whose connections all begin in that way. */
export function beginningWith(opening: ConnectOptions, transport: Transport): Transport {
  return {
    listen: (address) => transport.listen(address),
    connect: (address, signal) => transport.connect(address, signal, opening),
  };
}

/** Silence counts, and so does work. */
export function goesByPhi({ check }: Group): boolean {
  return check.detector.kind === "phi_accrual";
}

/** Tells people. */
export function logChange(log: Logger, backend: PlacedBackend, change: HealthChange): void {
  // That a backend is well from the start is no news.
  if (change.available && change.isFirst) return;
  log.write({
    level: change.available ? "info" : "warning",
    message: change.available ? "Backend is up" : "Backend is down",
    fields: {
      upstream: backend.upstream.name,
      backend: backend.spec.id,
      reason: change.reason,
    },
  });
}
