import { CircuitBreaker, type CircuitChange } from "../breaker/circuit_breaker.ts";
import type { GuardTable } from "../core/guard_table.ts";
import { type Ejection, OutlierDetector } from "../health/outlier.ts";
import type { BreakerPolicy } from "../breaker/policy.ts";
import { isSame } from "../core/same.ts";
import type { OutlierPolicy } from "../health/outlier_policy.ts";
import type { UpstreamPolicy } from "./build_upstream.ts";

/** What is to be watched for. */
export type GuardPolicy = Pick<UpstreamPolicy, "circuitBreaker" | "outlierDetection">;

/** What a {@linkcode GuardWatch} works with. */
export interface GuardWatchOptions {
  readonly table: GuardTable;
  /** Place of the upstream's cells in the table. */
  readonly upstream: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What has happened to a backend. */
export type GuardChange =
  | { readonly kind: "circuit"; readonly backend: number; readonly change: CircuitChange }
  | { readonly kind: "ejection"; readonly change: Ejection };

/**
 * The part of one upstream's circuit breakers and outlier detection that needs time and chance; one
 * for all threads, which open and eject at once by themselves. Here that is seen, timed and ended.
 */
export class GuardWatch {
  readonly #options: GuardWatchOptions;
  #policy: GuardPolicy = {};
  /** By the place of the backend. */
  #circuits: ReadonlyMap<number, CircuitBreaker> = new Map();
  #outliers: OutlierDetector | undefined;
  #backends: readonly number[] = [];
  #tickedAtMs: number;

  constructor(options: GuardWatchOptions, nowMs: number) {
    this.#options = options;
    this.#tickedAtMs = nowMs;
  }

  /**
   * Watches over these backends from now on, by their places. What is known of those that stay is
   * kept as long as the policy is the same; who is not watched any more is held off no more.
   */
  take(policy: GuardPolicy, backends: readonly number[], nowMs: number): void {
    const before = { policy: this.#policy, backends: this.#backends };
    this.#circuits = this.#takeCircuits(policy.circuitBreaker, backends);
    this.#outliers = this.#takeOutliers(policy.outlierDetection, backends, nowMs);
    this.#policy = policy;
    this.#backends = backends;
    this.#release(before);
  }

  /** What has changed; to be called every {@linkcode GUARD_TICK_MS}. */
  tick(nowMs: number): GuardChange[] {
    const pausedMs = nowMs - this.#tickedAtMs - GUARD_TICK_MS;
    this.#tickedAtMs = nowMs;
    if (pausedMs > STALL_MS) this.#excuse(pausedMs, nowMs);
    const changes: GuardChange[] = [];
    for (const [backend, circuit] of this.#circuits) {
      const change = circuit.tick(nowMs);
      if (change !== undefined) changes.push({ kind: "circuit", backend, change });
    }
    for (const change of this.#outliers?.tick(nowMs) ?? []) {
      changes.push({ kind: "ejection", change });
    }
    return changes;
  }

  /** See {@linkcode OutlierDetector}. */
  checkPassed(backend: number, proof: "connection" | "answer"): Ejection | undefined {
    return this.#outliers?.checkPassed(backend, proof);
  }

  #takeCircuits(
    policy: BreakerPolicy | undefined,
    backends: readonly number[],
  ): Map<number, CircuitBreaker> {
    if (policy === undefined) return new Map();
    const { table, random } = this.#options;
    const known = isSame(policy, this.#policy.circuitBreaker) ? this.#circuits : new Map();
    return new Map(backends.map((backend) => {
      const create = () => new CircuitBreaker({ policy, table, backend, random });
      return [backend, known.get(backend) ?? create()];
    }));
  }

  #takeOutliers(
    policy: OutlierPolicy | undefined,
    backends: readonly number[],
    nowMs: number,
  ): OutlierDetector | undefined {
    if (policy === undefined) return undefined;
    const { table, upstream } = this.#options;
    if (this.#outliers === undefined || !isSame(policy, this.#policy.outlierDetection)) {
      return new OutlierDetector({ policy, table, upstream, backends }, nowMs);
    }
    this.#outliers.watch(backends);
    return this.#outliers;
  }

  /** There is nobody left to end what those that were watched are held off by. */
  #release(before: { policy: GuardPolicy; backends: readonly number[] }): void {
    const { circuitBreaker, outlierDetection } = before.policy;
    const isLess = (circuitBreaker !== undefined && this.#policy.circuitBreaker === undefined) ||
      (outlierDetection !== undefined && this.#outliers === undefined);
    const stay = new Set(isLess ? [] : this.#backends);
    const { table, upstream } = this.#options;
    for (const backend of before.backends) {
      if (stay.has(backend)) continue;
      table.halfOpen(backend);
      table.close(backend, table.era(backend));
      table.admit(backend, upstream);
    }
  }

  #excuse(pausedMs: number, nowMs: number): void {
    for (const [, circuit] of this.#circuits) circuit.excuse(pausedMs, nowMs);
    this.#outliers?.excuse(pausedMs, nowMs);
  }
}

/** What the threads do at once is seen this much later at most. Milliseconds. */
export const GUARD_TICK_MS = 100;
/** A tick that comes this late means that the process stood still. Milliseconds. */
const STALL_MS = 1000;
