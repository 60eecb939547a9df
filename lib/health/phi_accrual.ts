import { ArrivalWindow } from "./arrival_window.ts";
import { type FailureDetector, type InitialState, MAX_SUSPICION } from "./failure_detector.ts";

/** What a {@linkcode PhiAccrual} goes by. */
export interface PhiAccrualOptions {
  /** Suspected from this level on: one wrong suspicion in 10^threshold. Above 0. */
  readonly threshold: number;
  /** Heartbeats expected, in milliseconds; holds until enough have come. */
  readonly intervalMs: number;
  /** Silence beyond the usual that says nothing yet. Milliseconds. */
  readonly pauseMs: number;
  /** Passed checks that bring a suspected server back, 1 or more. */
  readonly rise: number;
  readonly initial: InitialState;
  /** The time at which it begins to listen. */
  readonly nowMs: number;
}

/**
 * Suspects a server when its silence has become improbable, going by how its heartbeats came so far.
 * (Hayashibara et al., "The φ accrual failure detector", 2004; the numbers are those of Akka.)
 *
 * A heartbeat is a passed check. Work that went well counts as a sign of life too, but not into the
 * history: else a server would be suspected whenever its clients go home. A failed check is the
 * absence of a heartbeat; until the next one that passes, work no longer speaks for the server,
 * because a check may fail on purpose.
 *
 * A suspected server is trusted again after `rise` passed checks with no silence between them, nor a
 * failed check, that would have raised the level to half the threshold.
 */
export class PhiAccrual implements FailureDetector {
  readonly #options: PhiAccrualOptions;
  readonly #window: ArrivalWindow;
  #known: boolean;
  #available: boolean;
  #lastFailed = false;
  /** Passed checks in a row since it was suspected. */
  #streak = 0;
  #lastPassMs: number | undefined;
  #hasRhythm = false;
  #lastSignMs: number | undefined;

  constructor(options: PhiAccrualOptions) {
    this.#options = options;
    this.#window = new ArrivalWindow(WINDOW_SIZE, options.intervalMs);
    this.#known = options.initial !== "probe";
    this.#available = options.initial !== "down";
    // One that is trusted unseen is expected to be heard of from now on.
    if (options.initial === "up") this.#lastSignMs = options.nowMs;
  }

  get isKnown(): boolean {
    return this.#known;
  }

  get isAvailable(): boolean {
    return this.#available;
  }

  get isChanging(): boolean {
    return this.#available ? this.#lastFailed : this.#streak > 0;
  }

  observe(passed: boolean, nowMs: number): void {
    this.#lastFailed = !passed;
    if (!this.#known) {
      this.#known = true;
      this.#available = passed;
    }
    if (!passed) {
      this.#streak = 0;
      return this.evaluate(nowMs);
    }
    if (this.#available) this.#remember(nowMs);
    else this.#recover(nowMs);
    this.#lastPassMs = this.#lastSignMs = nowMs;
  }

  heard(nowMs: number): void {
    // Nothing is expected of one that is suspected: a request may well outlive its server's health.
    if (this.#known && this.#available && !this.#lastFailed) this.#lastSignMs = nowMs;
  }

  evaluate(nowMs: number): void {
    if (!this.#available || this.#phi(nowMs) < this.#options.threshold) return;
    this.#available = false;
    this.#streak = 0;
  }

  suspicion(nowMs: number): number {
    if (this.#lastSignMs === undefined) return this.#available ? 0 : MAX_SUSPICION;
    return Math.min(MAX_SUSPICION, this.#phi(nowMs));
  }

  #remember(nowMs: number): void {
    if (this.#lastPassMs === undefined) return;
    // The second check comes early, so that checks of many servers are spread.
    if (this.#hasRhythm) this.#window.add(nowMs - this.#lastPassMs);
    this.#hasRhythm = true;
  }

  /** The intervals while it is suspected are no part of its history. */
  #recover(nowMs: number): void {
    const wasSilent = this.#phi(nowMs) >= this.#options.threshold / 2;
    this.#streak = wasSilent ? 1 : this.#streak + 1;
    if (this.#streak < this.#options.rise) return;
    this.#available = true;
    this.#streak = 0;
  }

  #phi(nowMs: number): number {
    if (this.#lastSignMs === undefined) return 0;
    const { meanMs, deviationMs } = this.#window;
    const latenessMs = nowMs - this.#lastSignMs - meanMs - this.#options.pauseMs;
    return phiOf(latenessMs / Math.max(MIN_DEVIATION_MS, deviationMs));
  }
}

/**
 * -log10 of the probability that a normal variable is more than `deviations` above its mean, by the
 * logistic approximation x = y (1.5976 + 0.070566 y²). Finite for every finite argument, where one
 * minus a distribution function would be zero from 8.3 on.
 */
export function phiOf(deviations: number): number {
  const x = deviations * (1.5976 + 0.070566 * deviations ** 2);
  // log(1 + e^x) without an e^x that is too large.
  const softplus = x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
  return softplus / Math.LN10;
}

const WINDOW_SIZE = 1000;
/** Steady heartbeats must not make a detector that cannot bear any lateness. */
const MIN_DEVIATION_MS = 100;
