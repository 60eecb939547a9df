import { BoundedLoad } from "../balancer/bounded_load.ts";
import { ALGORITHMS, createBalancer } from "../balancer/registry.ts";
import type { BreakerPolicy } from "../breaker/policy.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { SharedTable } from "../core/shared_table.ts";
import { type Backend, type BackendSpec, RAMP_STEPS } from "../core/types.ts";
import type { OutlierPolicy } from "../health/outlier_policy.ts";
import type { Gate } from "./gate.ts";
import { GuardGate } from "./guard_gate.ts";
import { BalancedUpstream } from "./upstream.ts";
import { usualWeight } from "./usual_weight.ts";

/** What a configuration says of how an upstream balances. */
export interface UpstreamPolicy {
  readonly name: string;
  /** A canonical name of `lib/balancer/registry.ts`. */
  readonly algorithm: string;
  readonly backends: readonly BackendSpec[];
  /**
   * Most work of a backend as a multiple of its fair share, for an algorithm that goes by key;
   * absent: no bound.
   */
  readonly boundedLoad?: number;
  /** How long a backend that came back gets less than its share; 0: at no time. */
  readonly slowStartMs: number;
  /** Absent: no circuit breakers. */
  readonly circuitBreaker?: BreakerPolicy;
  /** Absent: no outlier detection. */
  readonly outlierDetection?: OutlierPolicy;
  /** Percent of the weight that has to be well, or all backends are tried; absent: 0, never. */
  readonly panicThreshold?: number;
}

/** What an upstream of one thread takes from outside. */
export interface UpstreamDeps {
  /** Place of the upstream's cells in the table. */
  readonly index: number;
  readonly table: SharedTable;
  /** Absent: neither circuit breakers nor outlier detection, whatever the policy says. */
  readonly guards?: GuardTable;
  /** Slot of this thread in the table. */
  readonly worker: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The same, but cheap and up to a tick of the timer wheel old. */
  readonly coarse: () => number;
  /** Runs work soon, but not within this call. */
  readonly defer: (work: () => void) => void;
  /** Where this Weir runs. */
  readonly zone: string | undefined;
  /** What holds backends off beside their health; none is the default. */
  readonly gates?: readonly Gate[];
}

/** An upstream without servers, as its policy says. */
export function buildUpstream(policy: UpstreamPolicy, deps: UpstreamDeps): BalancedUpstream {
  const { index, table, guards, worker, random, now, coarse, defer, zone, gates = [] } = deps;
  const { algorithm, boundedLoad, slowStartMs } = policy;
  const options = {
    random,
    nextTurn: () => table.nextTurn(index),
    now: coarse,
    weightUnit: usualWeight(policy.backends) * RAMP_STEPS,
    defer,
  };
  const basis = ALGORITHMS[algorithm]?.basis;
  const keyed = basis === "key" || basis === "network";
  const guard = guardGate(policy, deps, () => upstream);
  const upstream: BalancedUpstream = new BalancedUpstream(policy.name, {
    createBalancer: () => {
      const balancer = createBalancer<Backend>(algorithm, options);
      return boundedLoad !== undefined && keyed
        ? new BoundedLoad(balancer, { factor: boundedLoad })
        : balancer;
    },
    table,
    worker,
    random,
    now,
    keyed,
    slowStartMs,
    firstIds: policy.backends.map(({ id }) => id),
    // Before those that count work: a sick backend is none that waiting would help with.
    gates: guard === undefined ? gates : [guard, ...gates],
    ...(zone === undefined ? {} : { zone }),
    ...(policy.panicThreshold === undefined ? {} : { panicThreshold: policy.panicThreshold }),
    isEjected: ({ index }) => guards?.state(index).ejected ?? false,
  });
  return upstream;
}

function guardGate(
  { circuitBreaker: breaker, outlierDetection: outlier }: UpstreamPolicy,
  { index, guards, worker }: UpstreamDeps,
  upstream: () => BalancedUpstream,
): GuardGate | undefined {
  if (guards === undefined || (breaker === undefined && outlier === undefined)) return undefined;
  return new GuardGate({
    table: guards,
    worker,
    upstream: index,
    backends: () => upstream().backends.size,
    breaker,
    outlier,
    isPanicking: (backend) => upstream().isPanicking(backend),
  });
}
