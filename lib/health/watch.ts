import type { Address } from "../core/address.ts";
import type { FailureDetector } from "./failure_detector.ts";
import type { Probe } from "./probe.ts";

/** What to check, and how often. */
export interface Check {
  readonly address: Address;
  readonly probe: Probe;
  readonly detector: FailureDetector;
  /** From the end of one check to the start of the next, before jitter. Milliseconds. */
  readonly intervalMs: number;
  /** The same while the state is changing. Milliseconds. */
  readonly fastIntervalMs: number;
  /** A check that takes longer has failed. Milliseconds. */
  readonly timeoutMs: number;
}

/** A server's state is known for the first time, or changed. */
export interface HealthChange {
  readonly available: boolean;
  /** Nothing was known before. */
  readonly isFirst: boolean;
  /** Why it is not available; absent when it is. */
  readonly reason?: string;
}

/** How the last check ended that counted. */
export interface LastCheck {
  readonly passed: boolean;
  /** Since it ended. Milliseconds. */
  readonly agoMs: number;
  readonly tookMs: number;
  /** Why it failed. */
  readonly reason?: string;
}

/** What is known of a server. */
export interface HealthReport {
  /** Why it is not available; absent while it is, and while nothing is known. */
  readonly reason?: string;
  /** Level of suspicion, 0 to 100, of a detector that has one. */
  readonly suspicion?: number;
  /** Absent before the first. */
  readonly lastCheck?: LastCheck;
  /** Checks that counted, since the watching began. */
  readonly passed: number;
  readonly failed: number;
}

/** A check that ended, in the clock's time. */
export interface Result {
  /** Absent when it passed. */
  readonly reason?: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** One server that is checked: its detector, its last result, and whom to tell. */
export class Watch {
  readonly check: Check;
  /** Aborted when the watching ends. */
  readonly stop = new AbortController();
  timer: Disposable | undefined;
  readonly #onChange: (change: HealthChange) => void;
  #announced: boolean | undefined;
  #last: Result | undefined;
  #reason: string | undefined;
  #phase: number;
  #passed = 0;
  #failed = 0;

  /** @param phase part of the interval before the second check, above 0 and at most 1 */
  constructor(check: Check, onChange: (change: HealthChange) => void, phase: number) {
    this.check = check;
    this.#onChange = onChange;
    this.#phase = phase;
    if (check.detector.isKnown) this.#announced = check.detector.isAvailable;
  }

  /** @param nowMs in the detector's time, as below */
  take(result: Result, nowMs: number): void {
    this.#last = result;
    if (result.reason === undefined) this.#passed++;
    else this.#failed++;
    this.check.detector.observe(result.reason === undefined, nowMs);
    this.#announce(nowMs);
  }

  heard(nowMs: number): void {
    this.check.detector.heard?.(nowMs);
  }

  evaluate(nowMs: number): void {
    const { detector } = this.check;
    if (detector.evaluate === undefined) return;
    detector.evaluate(nowMs);
    this.#announce(nowMs);
  }

  /** From the check that has just ended to the next, before jitter. Milliseconds. */
  nextIntervalMs(): number {
    const { detector, intervalMs, fastIntervalMs } = this.check;
    if (detector.isChanging) return fastIntervalMs;
    const phase = this.#phase;
    this.#phase = 1;
    return intervalMs * phase;
  }

  /** @param clockMs in the results' time */
  report(nowMs: number, clockMs: number): HealthReport {
    const suspicion = this.check.detector.suspicion?.(nowMs);
    return {
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      ...(suspicion === undefined ? {} : { suspicion }),
      ...(this.#last === undefined ? {} : { lastCheck: lastCheckOf(this.#last, clockMs) }),
      passed: this.#passed,
      failed: this.#failed,
    };
  }

  #announce(nowMs: number): void {
    const { detector } = this.check;
    const available = detector.isAvailable;
    if (!detector.isKnown || available === this.#announced) return;
    const isFirst = this.#announced === undefined;
    this.#announced = available;
    this.#reason = available ? undefined : this.#last?.reason ?? explainSilence(detector, nowMs);
    const reason = this.#reason === undefined ? {} : { reason: this.#reason };
    this.#onChange({ available, isFirst, ...reason });
  }
}

function explainSilence(detector: FailureDetector, nowMs: number): string {
  return `no sign of life, phi is ${(detector.suspicion?.(nowMs) ?? 0).toFixed(1)}`;
}

function lastCheckOf({ reason, startMs, endMs }: Result, clockMs: number): LastCheck {
  return {
    passed: reason === undefined,
    agoMs: Math.round(clockMs - endMs),
    tookMs: Math.round(endMs - startMs),
    ...(reason === undefined ? {} : { reason }),
  };
}
