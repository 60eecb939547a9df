import type { Balancer } from "../balancer/balancer.ts";
import { isConnectFailure, type LbErrorCode } from "../core/errors.ts";
import type { SharedTable } from "../core/shared_table.ts";
import type { Backend, Lease, Outcome } from "../core/types.ts";
import type { Gates, Pass } from "./gate.ts";

/** What a {@linkcode BackendLease} works with. */
export interface LeaseOptions {
  readonly table: SharedTable;
  /** Slot of this thread in the table. */
  readonly worker: number;
  /** Monotonic milliseconds, as fine as they come. */
  readonly now: () => number;
}

/** What one lease works with. */
export interface LeaseContext {
  readonly balancer: Balancer<Backend>;
  /** Entered already. */
  readonly gates: Gates;
  readonly pass: Pass;
  readonly parts: LeaseOptions;
}

/** A slot on one backend, counted in the shared table and told to the algorithm and the gates. */
export class BackendLease implements Lease {
  readonly backend: Backend;
  readonly #options: LeaseOptions;
  readonly #balancer: Balancer<Backend>;
  readonly #gates: Gates;
  readonly #pass: Pass;
  /** Somebody goes by how long work takes. */
  readonly #isTimed: boolean;
  /** 0 where nobody does. */
  readonly #startMs: number;
  /** It was told to have answered badly: then its failure is no news. */
  #wasBad = false;
  /** The gates know that it did something of use. */
  #isProven = false;
  #settled = false;
  #disposed = false;

  constructor(backend: Backend, { balancer, gates, pass, parts: options }: LeaseContext) {
    this.backend = backend;
    this.#options = options;
    this.#balancer = balancer;
    this.#gates = gates;
    this.#pass = pass;
    this.#isTimed = balancer.observe !== undefined || gates.isTimed;
    this.#startMs = this.#isTimed ? options.now() : 0;
    options.table.addInFlight(options.worker, backend.index, 1);
    balancer.loadChanged?.(backend);
  }

  toServer(bytes: number): void {
    const { table, worker } = this.#options;
    table.countBackend(worker, this.backend.index, "bytesToBackend", bytes);
  }

  toClient(bytes: number): void {
    const { table, worker } = this.#options;
    table.countBackend(worker, this.backend.index, "bytesToClient", bytes);
    if (!this.#isProven) this.#prove();
  }

  answered(passed: boolean, status?: number): void {
    this.#wasBad ||= !passed;
    this.#observe(passed, undefined, status);
  }

  settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    const { table, worker } = this.#options;
    if (outcome.kind === "success") {
      if (!this.#wasBad) table.countBackend(worker, this.backend.index, "successes");
      this.#prove();
    }
    if (outcome.kind !== "failure") return;
    if (!this.#wasBad) this.#observe(false, outcome.error.code);
    const neverConnected = isConnectFailure(outcome.error.code);
    table.countBackend(worker, this.backend.index, neverConnected ? "connectFailures" : "failures");
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { table, worker } = this.#options;
    table.addInFlight(worker, this.backend.index, -1);
    this.#balancer.loadChanged?.(this.backend);
    this.#gates.leave(this.backend, this.#pass);
  }

  #prove(): void {
    if (this.#isProven || this.#wasBad) return;
    this.#isProven = true;
    this.#gates.prove(this.backend, this.#pass);
  }

  #observe(passed: boolean, code?: LbErrorCode, status?: number): void {
    const atMs = this.#isTimed ? this.#options.now() : 0;
    const latencyMs = atMs - this.#startMs;
    this.#balancer.observe?.(this.backend, latencyMs, passed);
    this.#gates.observe(this.backend, { passed, latencyMs, atMs, code, status }, this.#pass);
  }
}
