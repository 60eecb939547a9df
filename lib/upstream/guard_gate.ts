import type { BreakerPolicy } from "../breaker/policy.ts";
import { isConnectFailure } from "../core/errors.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { Backend } from "../core/types.ts";
import { mostEjected, type OutlierPolicy } from "../health/outlier_policy.ts";
import type { Gate, Pass, WorkResult } from "./gate.ts";

/** What a {@linkcode GuardGate} works with. */
export interface GuardGateOptions {
  readonly table: GuardTable;
  /** Slot of this thread in the table. */
  readonly worker: number;
  /** Place of the upstream's cells in the table. */
  readonly upstream: number;
  /** How many backends the upstream has now. */
  readonly backends: () => number;
  /** Absent: no circuit breaker. */
  readonly breaker?: BreakerPolicy | undefined;
  /** Absent: no outlier detection. */
  readonly outlier?: OutlierPolicy | undefined;
  /** So few backends are left that an ejected one is used all the same. */
  readonly isPanicking: (backend: Backend) => boolean;
}

/**
 * One thread's part in circuit breakers and outlier detection: counts failures in a row, and acts at
 * the one that is one too many, for all threads at once. What needs time is done by the supervisor.
 */
export class GuardGate implements Gate {
  readonly #options: GuardGateOptions;
  readonly #trials: number;

  constructor(options: GuardGateOptions) {
    this.#options = options;
    this.#trials = options.breaker?.halfOpenRequests ?? 0;
  }

  admits(backend: Backend): boolean {
    const { table } = this.#options;
    if (table.freeEra(backend.index) >= 0) return true;
    const { circuit, ejected, taken } = table.state(backend.index);
    if (ejected && !this.#options.isPanicking(backend)) return false;
    return circuit === "closed" || (circuit === "half_open" && taken < this.#trials);
  }

  enter(backend: Backend, pass: Pass): boolean {
    const { table } = this.#options;
    pass.era = table.freeEra(backend.index);
    if (pass.era >= 0) return true;
    const { circuit, ejected, era } = table.state(backend.index);
    if (ejected && !this.#options.isPanicking(backend)) return false;
    if (circuit !== "closed") return this.#tryTrial(backend, pass);
    pass.era = era;
    return true;
  }

  /** Work that began before the circuit or the ejection last changed is not counted. */
  observe(backend: Backend, result: WorkResult, pass: Pass): void {
    const { table, worker } = this.#options;
    const { index } = backend;
    if (result.passed || pass.hasFailed) return;
    pass.hasFailed = true;
    if (table.era(index) !== pass.era) return;
    if (!pass.isCounted) table.count(worker, index, "done");
    pass.isCounted = true;
    table.count(worker, index, "failed");
    this.#countStreaks(index, result, pass);
  }

  prove({ index }: Backend, pass: Pass): void {
    const { table, worker } = this.#options;
    if (pass.isCounted || table.era(index) !== pass.era) return;
    pass.isCounted = true;
    table.count(worker, index, "done");
    table.forgive(index);
    if (pass.isTrial) table.passTrial(worker, index, pass.era);
  }

  leave({ index }: Backend, pass: Pass): void {
    if (!pass.isTrial || pass.isCounted) return;
    this.#options.table.returnTrial(this.#options.worker, index, pass.era);
    // Another gate refused: the pass goes on to another backend.
    pass.isTrial = false;
  }

  refusal({ index }: Backend): string | undefined {
    const { circuit, ejected } = this.#options.table.state(index);
    return circuit === "closed" || ejected ? undefined : "circuit_open";
  }

  #tryTrial({ index }: Backend, pass: Pass): boolean {
    const { table, worker } = this.#options;
    const era = table.tryTrial(worker, index, this.#trials);
    if (era === undefined) return false;
    pass.era = era;
    pass.isTrial = true;
    return true;
  }

  #countStreaks(index: number, result: WorkResult, { era, isTrial }: Pass): void {
    const { table, breaker, outlier, upstream, backends } = this.#options;
    table.noteCause(index, result.code !== undefined && isConnectFailure(result.code));
    const failures = table.fail(index);
    const gatewayFailures = countGateway(table, index, result);
    if (breaker !== undefined && (isTrial || reaches(failures, breaker.failures))) {
      table.trip(index, era);
      return;
    }
    if (outlier === undefined) return;
    const isOut = reaches(failures, outlier.consecutiveFailures) ||
      reaches(gatewayFailures, outlier.consecutiveGatewayFailures);
    if (!isOut) return;
    table.eject(index, upstream, { era, most: mostEjected(outlier, backends()) });
  }
}

function countGateway(table: GuardTable, index: number, { status }: WorkResult): number {
  if (status === undefined || (status >= 502 && status <= 504)) return table.failGateway(index);
  table.forgiveGateway(index);
  return 0;
}

/** 0 is no threshold. */
function reaches(failures: number, threshold: number): boolean {
  return threshold > 0 && failures >= threshold;
}
