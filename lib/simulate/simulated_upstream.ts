import type { Balancer } from "../balancer/balancer.ts";
import { createBalancer } from "../balancer/registry.ts";
import { SharedTable } from "../core/shared_table.ts";
import type { Backend, BackendSpec } from "../core/types.ts";
import { seededRandom } from "../ds/seeded_random.ts";
import { SharedBackend } from "../upstream/backend.ts";
import { BalancedUpstream } from "../upstream/upstream.ts";
import { usualWeight } from "../upstream/usual_weight.ts";

/** What a simulated run's upstream is made of. */
export interface SimulatedUpstreamOptions {
  /** A canonical name of `lib/balancer/registry.ts`. */
  readonly algorithm: string;
  readonly backends: readonly BackendSpec[];
  readonly seed: number;
  /** Virtual milliseconds. */
  readonly now: () => number;
  /** Runs work after the event under way. */
  readonly defer: (work: () => void) => void;
}

/** An upstream as a data plane thread has it, and the balancer in it. */
export interface SimulatedUpstream {
  readonly upstream: BalancedUpstream;
  readonly balancer: Balancer<Backend>;
}

/** Builds the upstream that traffic would go through, for virtual time and seeded chance. */
export function simulatedUpstream(options: SimulatedUpstreamOptions): SimulatedUpstream {
  const { algorithm, backends, seed, now, defer } = options;
  const shape = { workers: 1, backends: backends.length, upstreams: 1, listeners: 1 };
  const table = SharedTable.create(shape);
  const balancer = createBalancer<Backend>(algorithm, {
    random: seededRandom(seed ^ 0x7069636b),
    nextTurn: () => table.nextTurn(0),
    now,
    weightUnit: usualWeight(backends),
    defer,
  });
  const upstream = new BalancedUpstream("simulated", { balancer, table, worker: 0 });
  for (const [index, spec] of backends.entries()) {
    upstream.addServer(new SharedBackend(spec, index, table));
  }
  return { upstream, balancer };
}
