import type { SharedTable } from "../core/shared_table.ts";
import type { BackendSpec } from "../core/types.ts";
import { seededRandom } from "../ds/seeded_random.ts";
import { MAX_LOST_SHARE } from "../health/checker.ts";
import { createDetector, type DetectorPolicy, EVALUATE_MS } from "../health/create_detector.ts";
import type { FailureDetector } from "../health/failure_detector.ts";
import { RunningTime } from "../health/running_time.ts";
import { ANSWERED, type ServerFarm } from "./server_farm.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** How backends are checked. Durations are milliseconds. */
export interface SimulatedCheck extends DetectorPolicy {
  /** From one check to the next while the state is changing, before jitter. */
  readonly fastIntervalMs: number;
  /** A check that takes longer has failed. */
  readonly timeoutMs: number;
  /** What a passed check shows of a backend: that it can be connected to, or that it answers. */
  readonly proof: "connection" | "answer";
}

/** What {@linkcode SimulatedChecks} work with. */
export interface SimulatedChecksOptions {
  readonly check: SimulatedCheck;
  readonly backends: readonly BackendSpec[];
  readonly farm: ServerFarm;
  readonly clock: VirtualClock;
  readonly table: SharedTable;
  readonly seed: number;
  /** Hears of each change. */
  readonly onChange: (backend: number, available: boolean) => void;
  readonly onPass: (backend: number) => void;
}

/** Share of the interval by which checks are spread to either side, as `HealthChecker` does it. */
const JITTER = 0.1;

/** One backend as its checks know it. */
interface Checked {
  readonly index: number;
  readonly detector: FailureDetector;
  /** What was told last. */
  isUp: boolean;
  /** Work that had ended well at the last look. */
  heard: number;
}

/**
 * Checks every backend in virtual time: the detectors are those of `lib/health`. A check is over at
 * once, but for a backend that stands still.
 */
export class SimulatedChecks {
  readonly #options: SimulatedChecksOptions;
  readonly #random: () => number;
  readonly #running: RunningTime;

  constructor(options: SimulatedChecksOptions) {
    this.#options = options;
    const { backends, check, clock, seed, onChange } = options;
    this.#random = seededRandom(seed ^ 0x63686563);
    this.#running = new RunningTime(clock);
    const checked = [...backends.keys()].map((index): Checked => {
      return { index, detector: createDetector(check, 0), isUp: true, heard: 0 };
    });
    for (const one of checked) {
      clock.after(0, () => this.#check(one));
      if (check.initial !== "down") continue;
      one.isUp = false;
      onChange(one.index, false);
    }
    if (check.detector.kind === "phi_accrual") this.#listen(checked);
  }

  #check(one: Checked): void {
    const { farm, clock, check: { timeoutMs } } = this.#options;
    const result = farm.probe(one.index, clock.nowMs, timeoutMs);
    if (farm.endMs === clock.nowMs) return this.#end(one, result === ANSWERED, false);
    // Nothing is known of it yet: until then it gets no work.
    if (!one.detector.isKnown) this.#tell(one, false);
    const lostBeforeMs = this.#running.lostMs;
    clock.after(farm.endMs - clock.nowMs, () => {
      const lostMs = this.#running.lostMs - lostBeforeMs;
      this.#end(one, result === ANSWERED, lostMs > timeoutMs * MAX_LOST_SHARE);
    });
  }

  /** @param isLost the balancer stood still meanwhile: a failure says nothing */
  #end(one: Checked, passed: boolean, isLost: boolean): void {
    const { clock, check: { intervalMs, fastIntervalMs }, onPass } = this.#options;
    const { detector, index } = one;
    const counts = passed || !isLost;
    if (counts) detector.observe(passed, this.#running.now());
    if (counts) this.#tell(one, detector.isAvailable);
    if (passed) onPass(index);
    const isFast = !counts || detector.isChanging;
    const jitter = 1 + JITTER * (2 * this.#random() - 1);
    clock.after((isFast ? fastIntervalMs : intervalMs) * jitter, () => this.#check(one));
  }

  #listen(all: readonly Checked[]): void {
    const { clock, table } = this.#options;
    clock.after(EVALUATE_MS, () => {
      const nowMs = this.#running.now();
      for (const one of all) {
        const heard = table.backendTotal(one.index, "successes");
        if (heard > one.heard) one.detector.heard?.(nowMs);
        one.heard = heard;
        one.detector.evaluate?.(nowMs);
        if (one.detector.isKnown) this.#tell(one, one.detector.isAvailable);
      }
      this.#listen(all);
    });
  }

  #tell(one: Checked, isUp: boolean): void {
    if (isUp === one.isUp) return;
    one.isUp = isUp;
    this.#options.onChange(one.index, isUp);
  }
}
