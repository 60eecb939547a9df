import type { GuardTable } from "../core/guard_table.ts";
import type { Circuit, GuardState } from "../core/guard_word.ts";
import { ErrorWindow } from "./error_window.ts";
import { type BreakerPolicy, openTimeMs } from "./policy.ts";

/** What has happened to a circuit. */
export type CircuitChange =
  | { readonly to: "open"; readonly reason: CircuitReason; readonly openMs: number }
  | { readonly to: "half_open" | "closed" };

/** Why a circuit opened. */
export type CircuitReason = "consecutive_failures" | "error_rate" | "trial_failed";

/** What a {@linkcode CircuitBreaker} works with. */
export interface CircuitBreakerOptions {
  readonly policy: BreakerPolicy;
  readonly table: GuardTable;
  /** Place of the backend's cells in the table. */
  readonly backend: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * The part of one backend's circuit that needs time and chance; one for all threads. What must be at
 * once the threads do themselves, in the table: open it at the failure that is one too many, take a
 * trial, pass or fail it. Here it is seen, timed, and taken a step further.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #window: ErrorWindow;
  /** The step that the circuit was seen to be at. */
  #seen: Circuit = "closed";
  /** While open: when it is half opened. While half open: when untold trials are made anew. */
  #dueMs = Infinity;
  /** How often it opened without a long enough time of rest between. */
  #openings = 0;
  #openMs = 0;
  #closedAtMs = -Infinity;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#window = new ErrorWindow(options.policy.windowMs);
  }

  /** To be called many times a second; what has changed, if anything. */
  tick(nowMs: number): CircuitChange | undefined {
    const { table, backend } = this.#options;
    const state = table.state(backend);
    switch (state.circuit) {
      case "open":
        // Nobody else half opens it: it is the same opening as before.
        return this.#seen === "open" ? this.#whileOpen(nowMs) : this.#onOpen(nowMs);
      case "half_open":
        return this.#whileTrying(state, nowMs);
      case "closed":
        return this.#whileClosed(state.era, nowMs);
    }
  }

  /** The process stood still for that long: deadlines are put off, and what failed is no sign. */
  excuse(pausedMs: number, nowMs: number): void {
    const { table, backend } = this.#options;
    if (this.#dueMs !== Infinity) this.#dueMs += pausedMs;
    this.#window.restart(table.totals(backend), nowMs);
  }

  #onOpen(nowMs: number): CircuitChange {
    const reason = this.#seen === "half_open" ? "trial_failed" : "consecutive_failures";
    return this.#noteOpen(reason, nowMs);
  }

  #noteOpen(reason: CircuitReason, nowMs: number): CircuitChange {
    const { policy, random } = this.#options;
    const hasRested = nowMs - this.#closedAtMs >= Math.max(this.#openMs, policy.windowMs);
    if (reason !== "trial_failed" && hasRested) this.#openings = 0;
    this.#seen = "open";
    this.#openMs = openTimeMs(policy, this.#openings++, random);
    this.#dueMs = nowMs + this.#openMs;
    return { to: "open", reason, openMs: this.#openMs };
  }

  #whileOpen(nowMs: number): CircuitChange | undefined {
    if (nowMs < this.#dueMs) return undefined;
    this.#beginTrials(nowMs);
    return { to: "half_open" };
  }

  #beginTrials(nowMs: number): void {
    const { policy, table, backend } = this.#options;
    this.#seen = "half_open";
    this.#dueMs = nowMs + policy.openMs;
    table.halfOpen(backend);
  }

  #whileTrying({ passed, taken, era }: GuardState, nowMs: number): CircuitChange | undefined {
    const { policy, table, backend } = this.#options;
    if (passed >= policy.halfOpenRequests) {
      if (!table.close(backend, era)) return undefined;
      this.#seen = "closed";
      this.#closedAtMs = nowMs;
      this.#dueMs = Infinity;
      this.#window.restart(table.totals(backend), nowMs);
      return { to: "closed" };
    }
    // Trials that never end, or died with their thread, would keep it half open for ever.
    if (nowMs >= this.#dueMs && taken >= policy.halfOpenRequests) this.#beginTrials(nowMs);
    return undefined;
  }

  #whileClosed(era: number, nowMs: number): CircuitChange | undefined {
    const { policy: { errorRate, minRequests }, table, backend } = this.#options;
    if (errorRate === 0) return undefined;
    const { done, failed } = this.#window.observe(table.totals(backend), nowMs);
    if (done < minRequests || failed < errorRate * done) return undefined;
    return table.trip(backend, era) ? this.#noteOpen("error_rate", nowMs) : undefined;
  }
}
