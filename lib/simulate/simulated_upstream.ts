import { SharedTable } from "../core/shared_table.ts";
import { seededRandom } from "../ds/seeded_random.ts";
import { SharedBackend } from "../upstream/backend.ts";
import { buildUpstream, type UpstreamPolicy } from "../upstream/build_upstream.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";

/** What a simulated run's upstream is made of. */
export interface SimulatedUpstreamOptions extends Omit<UpstreamPolicy, "name"> {
  /** Where Weir is taken to run. */
  readonly zone?: string;
  readonly seed: number;
  /** Virtual milliseconds. */
  readonly now: () => number;
  /** Runs work after the event under way. */
  readonly defer: (work: () => void) => void;
}

/** Builds the upstream that traffic would go through, for virtual time and seeded chance. */
export function simulatedUpstream(options: SimulatedUpstreamOptions): BalancedUpstream {
  const { backends, seed, now, defer, zone } = options;
  const shape = { workers: 1, backends: backends.length, upstreams: 1, listeners: 1 };
  const table = SharedTable.create(shape);
  const random = seededRandom(seed ^ 0x7069636b);
  const upstream = buildUpstream(
    { ...options, name: "simulated" },
    { index: 0, table, worker: 0, random, now, coarse: now, defer, zone },
  );
  for (const [index, spec] of backends.entries()) {
    upstream.addServer(new SharedBackend(spec, index, table));
  }
  return upstream;
}
