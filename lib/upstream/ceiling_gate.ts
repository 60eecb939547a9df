import type { LimitTable } from "../core/limit_table.ts";
import type { Gate } from "./gate.ts";

/** What a {@linkcode CeilingGate} works with. */
export interface CeilingOptions {
  readonly table: LimitTable;
  /** Slot of this thread in the table. */
  readonly worker: number;
  /** Place of the upstream's cells in the table. */
  readonly upstream: number;
  /** 1 or more. */
  readonly max: number;
}

/** Holds all backends off while they have as much work together as they may, over all threads. */
export class CeilingGate implements Gate {
  readonly isCapacity = true;
  readonly #table: LimitTable;
  readonly #worker: number;
  readonly #slot: number;
  readonly #max: number;

  constructor({ table, worker, upstream, max }: CeilingOptions) {
    this.#table = table;
    this.#worker = worker;
    this.#slot = table.slotOfUpstream(upstream);
    this.#max = max;
  }

  admits(): boolean {
    return this.#table.taken(this.#slot) < this.#max;
  }

  enter(): boolean {
    return this.#table.tryTake(this.#worker, this.#slot, this.#max);
  }

  leave(): void {
    this.#table.give(this.#worker, this.#slot);
  }
}
