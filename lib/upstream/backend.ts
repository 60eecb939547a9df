import type { SharedTable } from "../core/shared_table.ts";
import type { Backend, BackendSpec } from "../core/types.ts";

/** A server whose load is the shared count of its work in flight. */
export class SharedBackend implements Backend {
  readonly spec: BackendSpec;
  readonly index: number;
  readonly id: string;
  readonly weight: number;
  readonly #table: SharedTable;

  /** @param index place of its cells in `table` */
  constructor(spec: BackendSpec, index: number, table: SharedTable) {
    this.spec = spec;
    this.index = index;
    this.id = spec.id;
    this.weight = spec.weight;
    this.#table = table;
  }

  get load(): number {
    return this.#table.inFlight(this.index);
  }
}
