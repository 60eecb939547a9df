import { GuardTable } from "../core/guard_table.ts";
import { LimitTable } from "../core/limit_table.ts";
import { SharedTable } from "../core/shared_table.ts";
import { seededRandom } from "../ds/seeded_random.ts";
import type { AdmissionQueueOptions } from "../limit/admission_queue.ts";
import type { LimitPolicy } from "../limit/create_limit.ts";
import { WaitingRoom } from "../proxy/waiting_room.ts";
import { SharedBackend } from "../upstream/backend.ts";
import { buildUpstream, type UpstreamPolicy } from "../upstream/build_upstream.ts";
import { capacityGates } from "../upstream/capacity_gates.ts";
import type { Gate } from "../upstream/gate.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";
import { type VirtualClock, VirtualTimeouts } from "./virtual_clock.ts";

/** What a simulated run's upstream is made of. */
export interface SimulatedUpstreamOptions extends Omit<UpstreamPolicy, "name"> {
  /** How much work each backend is given at once, as it turns out; absent: as much as comes. */
  readonly adaptiveLimit?: LimitPolicy;
  /** Most work on all servers together; absent: no limit. */
  readonly maxConnections?: number;
  /** Where work waits for backends that have enough. @default nobody waits */
  readonly queue?: AdmissionQueueOptions;
  /** Where Weir is taken to run. */
  readonly zone?: string;
  readonly seed: number;
  readonly clock: VirtualClock;
  /** Runs work after the event under way. */
  readonly defer: (work: () => void) => void;
}

/** An upstream with what it shares with others in production. */
export interface SimulatedUpstream {
  readonly upstream: BalancedUpstream;
  readonly table: SharedTable;
  readonly guards: GuardTable;
  /** Absent where backends take as much work as comes. */
  readonly room: WaitingRoom | undefined;
}

/** Builds the upstream that traffic would go through, for virtual time and seeded chance. */
export function simulatedUpstream(options: SimulatedUpstreamOptions): SimulatedUpstream {
  const { backends, seed, clock: { now }, defer, zone } = options;
  const shape = { workers: 1, backends: backends.length, upstreams: 1, listeners: 1 };
  const table = SharedTable.create(shape);
  const guards = GuardTable.create(shape);
  const { gates, room } = simulatedGates(options, LimitTable.create(shape));
  const random = seededRandom(seed ^ 0x7069636b);
  const upstream = buildUpstream(
    { ...options, name: "simulated" },
    { index: 0, table, guards, worker: 0, random, now, coarse: now, defer, zone, gates },
  );
  for (const [index, spec] of backends.entries()) {
    upstream.addServer(new SharedBackend(spec, index, table));
  }
  return { upstream, table, guards, room };
}

/** What the data plane of a single thread would put before its backends. */
function simulatedGates(
  { backends, maxConnections, adaptiveLimit, queue = NOBODY_WAITS, seed, clock }:
    SimulatedUpstreamOptions,
  table: LimitTable,
): { readonly gates: readonly Gate[]; readonly room: WaitingRoom | undefined } {
  const { now } = clock;
  const random = seededRandom(seed ^ 0x6c696d69);
  const policy = {
    backends,
    ...(maxConnections && { maxConnections }),
    ...(adaptiveLimit && { concurrency: adaptiveLimit }),
  };
  const { gates, isShared } = capacityGates(policy, { table, upstream: 0, worker: 0, random });
  if (gates.length === 0) return { gates, room: undefined };
  const timeouts = new VirtualTimeouts(clock);
  const place = { table, worker: 0, upstream: 0, isShared, isInTurn: false };
  const room = new WaitingRoom({ ...place, queue, timeouts, now }, () => {});
  return { gates: [...gates, room], room };
}

const NOBODY_WAITS: AdmissionQueueOptions = { size: 0, timeoutMs: 0, targetMs: 0, intervalMs: 0 };
