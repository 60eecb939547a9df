import { ALGORITHMS, createBalancer } from "../balancer/registry.ts";
import { SharedTable } from "../core/shared_table.ts";
import { type Backend, type BackendSpec, RAMP_STEPS } from "../core/types.ts";
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

/** Builds the upstream that traffic would go through, for virtual time and seeded chance. */
export function simulatedUpstream(options: SimulatedUpstreamOptions): BalancedUpstream {
  const { algorithm, backends, seed, now, defer } = options;
  const shape = { workers: 1, backends: backends.length, upstreams: 1, listeners: 1 };
  const table = SharedTable.create(shape);
  const random = seededRandom(seed ^ 0x7069636b);
  const balancerOptions = {
    random,
    nextTurn: () => table.nextTurn(0),
    now,
    weightUnit: usualWeight(backends) * RAMP_STEPS,
    defer,
  };
  const basis = ALGORITHMS[algorithm]?.basis;
  const upstream = new BalancedUpstream("simulated", {
    createBalancer: () => createBalancer<Backend>(algorithm, balancerOptions),
    table,
    worker: 0,
    random,
    now,
    keyed: basis === "key" || basis === "network",
    slowStartMs: 0,
  });
  for (const [index, spec] of backends.entries()) {
    upstream.addServer(new SharedBackend(spec, index, table));
  }
  return upstream;
}
