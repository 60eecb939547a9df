import { BoundedLoad } from "../balancer/bounded_load.ts";
import { ALGORITHMS, createBalancer } from "../balancer/registry.ts";
import type { UpstreamConfig } from "../config/types.ts";
import type { SharedTable } from "../core/shared_table.ts";
import { type Backend, RAMP_STEPS } from "../core/types.ts";
import { BalancedUpstream } from "../upstream/upstream.ts";

/** What an upstream of one thread takes from outside. */
export interface UpstreamDeps {
  /** Place of the upstream's cells in the table. */
  readonly index: number;
  readonly table: SharedTable;
  /** Slot of this thread in the table. */
  readonly worker: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The same, but cheap and up to a tick of the timer wheel old. */
  readonly coarse: () => number;
  /** Where this Weir runs. */
  readonly zone: string | undefined;
}

/** An upstream without servers, as the configuration says. */
export function buildUpstream(config: UpstreamConfig, deps: UpstreamDeps): BalancedUpstream {
  const { index, table, worker, random, now, coarse, zone } = deps;
  const { algorithm, boundedLoad, slowStartMs } = config;
  const options = {
    random,
    nextTurn: () => table.nextTurn(index),
    now: coarse,
    weightUnit: usualWeight(config.backends) * RAMP_STEPS,
    defer: queueMicrotask,
  };
  const basis = ALGORITHMS[algorithm]?.basis;
  return new BalancedUpstream(config.name, {
    createBalancer: () => {
      const balancer = createBalancer<Backend>(algorithm, options);
      return boundedLoad === undefined
        ? balancer
        : new BoundedLoad(balancer, { factor: boundedLoad });
    },
    table,
    worker,
    random,
    now,
    keyed: basis === "key" || basis === "network",
    slowStartMs,
    ...(zone === undefined ? {} : { zone }),
  });
}

/** The median of the weights above zero: the same in all threads and for as long as nothing is new. */
function usualWeight(backends: UpstreamConfig["backends"]): number {
  const weights = backends.map(({ weight }) => weight).filter((weight) => weight > 0);
  return weights.sort((a, b) => a - b)[weights.length >> 1] ?? 1;
}
