import type { SharedTable } from "../core/shared_table.ts";
import { type Backend, type BackendSpec, RAMP_STEPS } from "../core/types.ts";

/** A server whose load is the shared count of its work in flight. */
export class SharedBackend implements Backend {
  readonly spec: BackendSpec;
  readonly index: number;
  readonly id: string;
  fullWeight: number;
  ramp = RAMP_STEPS;
  readonly #table: SharedTable;

  /** @param index place of its cells in `table` */
  constructor(spec: BackendSpec, index: number, table: SharedTable) {
    this.spec = spec;
    this.index = index;
    this.id = spec.id;
    this.fullWeight = spec.weight;
    this.#table = table;
  }

  /** In twentieths, so that a ramp keeps it whole: algorithms go by its ratio to others. */
  get weight(): number {
    return this.fullWeight * this.ramp;
  }

  get load(): number {
    return this.#table.inFlight(this.index);
  }
}
