import type { HealthCheckConfig } from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import type { Logger } from "../core/log.ts";
import type { Watching } from "../health/checker.ts";
import type { HealthChange } from "../health/watch.ts";
import type { PlacedBackend } from "./layout.ts";

/** Backends that one check is for: the same server in several upstreams. */
export interface Group {
  readonly check: HealthCheckConfig;
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
    const { healthCheck: check } = backend.upstream;
    if (check === undefined) continue;
    const key = `${formatAddress(backend.spec.address)} ${JSON.stringify(check)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { check, members: [backend], heard: 0 });
    else group.members.push(backend);
  }
  return groups;
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
