import type { GuardTable } from "../core/guard_table.ts";
import type { CircuitChange } from "../breaker/circuit_breaker.ts";
import { seededRandom } from "../ds/seeded_random.ts";
import type { Ejection } from "../health/outlier.ts";
import { GUARD_TICK_MS, type GuardPolicy, GuardWatch } from "../upstream/guard_watch.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";
import type { Containment } from "./containment.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** What {@linkcode SimulatedGuards} work with. */
export interface SimulatedGuardsOptions {
  readonly policy: GuardPolicy;
  readonly table: GuardTable;
  readonly upstream: BalancedUpstream;
  readonly clock: VirtualClock;
  readonly containment: Containment;
  readonly seed: number;
}

/** The supervisor's part in containing failures, in virtual time. */
export class SimulatedGuards {
  readonly #options: SimulatedGuardsOptions;
  readonly #watch: GuardWatch;
  /** By place. */
  readonly #ids: readonly string[];
  #isInPanic = false;

  constructor(options: SimulatedGuardsOptions) {
    this.#options = options;
    const { policy, table, upstream, clock, seed } = options;
    this.#ids = [...upstream.backends.keys()];
    const backends = [...this.#ids.keys()];
    const random = seededRandom(seed ^ 0x67756172);
    this.#watch = new GuardWatch({ table, upstream: 0, random }, clock.nowMs);
    this.#watch.take(policy, backends, clock.nowMs);
    this.#schedule();
  }

  checkPassed(backend: number, proof: "connection" | "answer"): void {
    const change = this.#watch.checkPassed(backend, proof);
    if (change !== undefined) this.#onEjection(change);
  }

  #schedule(): void {
    const { clock } = this.#options;
    clock.after(GUARD_TICK_MS, () => {
      for (const seen of this.#watch.tick(clock.nowMs)) {
        if (seen.kind === "ejection") this.#onEjection(seen.change);
        else this.#onCircuit(seen.backend, seen.change);
      }
      this.#lookForPanic();
      this.#schedule();
    });
  }

  #onEjection(change: Ejection): void {
    const { containment, upstream, clock } = this.#options;
    const id = this.#ids[change.backend] ?? "";
    upstream.noteEjection(id);
    const what = `${change.to} ${change.reason}`;
    if (change.to === "ejected") {
      containment.ejections++;
      return containment.takenOut(change.backend, clock.nowMs, what);
    }
    containment.letIn(change.backend, clock.nowMs, what);
    upstream.warmUp(id);
  }

  #onCircuit(backend: number, change: CircuitChange): void {
    const { containment, upstream, clock } = this.#options;
    if (change.to === "open") {
      containment.openings++;
      return containment.takenOut(backend, clock.nowMs, `open ${change.reason}`);
    }
    containment.letIn(backend, clock.nowMs, change.to);
    if (change.to === "closed") upstream.warmUp(this.#ids[backend] ?? "");
  }

  #lookForPanic(): void {
    const { containment, upstream, clock } = this.#options;
    const isInPanic = upstream.backends.values().some((one) => upstream.isPanicking(one));
    if (isInPanic === this.#isInPanic) return;
    this.#isInPanic = isInPanic;
    containment.panicked(clock.nowMs, isInPanic);
  }
}
