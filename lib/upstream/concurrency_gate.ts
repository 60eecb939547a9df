import type { LimitTable } from "../core/limit_table.ts";
import type { Backend } from "../core/types.ts";
import type { Limit } from "../limit/limit.ts";
import type { Gate, WorkResult } from "./gate.ts";

/** What a {@linkcode ConcurrencyGate} works with. */
export interface ConcurrencyOptions {
  readonly createLimit: () => Limit;
  readonly table: LimitTable;
  /** Slot of this thread in the table. */
  readonly worker: number;
}

/**
 * Holds off backends that have as much of this thread's work as a {@linkcode Limit} lets them have,
 * which it learns from their answers. Each thread learns by itself.
 */
export class ConcurrencyGate implements Gate {
  readonly isCapacity = true;
  readonly isTimed = true;
  readonly holdsBy = "concurrency_limit";
  readonly #options: ConcurrencyOptions;
  /** By the backend's place in the tables. */
  readonly #loads: Load[] = [];

  constructor(options: ConcurrencyOptions) {
    this.#options = options;
  }

  admits(backend: Backend): boolean {
    const { inFlight, window } = this.#loadOf(backend);
    return inFlight < window;
  }

  enter(backend: Backend): boolean {
    this.#loadOf(backend).inFlight++;
    return true;
  }

  observe(backend: Backend, { latencyMs: rttMs, atMs: nowMs, passed }: WorkResult): void {
    const load = this.#loadOf(backend);
    const { inFlight, limit } = load;
    limit.onSample({ rttMs, inFlight, dropped: !passed, nowMs });
    this.#show(backend, load);
  }

  leave(backend: Backend): void {
    this.#loadOf(backend).inFlight--;
  }

  #loadOf(backend: Backend): Load {
    return this.#loads[backend.index] ?? this.#add(backend);
  }

  #add(backend: Backend): Load {
    const load: Load = { limit: this.#options.createLimit(), inFlight: 0, window: 0 };
    this.#loads[backend.index] = load;
    this.#show(backend, load);
    return load;
  }

  #show({ index }: Backend, load: Load): void {
    const window = Math.max(1, Math.floor(load.limit.current));
    if (window === load.window) return;
    load.window = window;
    this.#options.table.showWindow(this.#options.worker, index, window);
  }
}

interface Load {
  readonly limit: Limit;
  inFlight: number;
  window: number;
}
