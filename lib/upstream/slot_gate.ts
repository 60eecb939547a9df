import type { LimitTable } from "../core/limit_table.ts";
import type { Backend } from "../core/types.ts";
import type { Gate } from "./gate.ts";

/** Holds off backends that have as much work as `max_connections` lets them have, over all threads. */
export class SlotGate implements Gate {
  readonly isCapacity = true;
  readonly holdsBy = "max_connections";
  readonly #table: LimitTable;
  readonly #worker: number;

  /** @param worker slot of this thread in the table */
  constructor(table: LimitTable, worker: number) {
    this.#table = table;
    this.#worker = worker;
  }

  admits({ index, spec: { maxConnections } }: Backend): boolean {
    return maxConnections === undefined || this.#table.taken(index) < maxConnections;
  }

  enter({ index, spec: { maxConnections } }: Backend): boolean {
    return maxConnections === undefined || this.#table.tryTake(this.#worker, index, maxConnections);
  }

  leave({ index, spec: { maxConnections } }: Backend): void {
    if (maxConnections !== undefined) this.#table.give(this.#worker, index);
  }
}
