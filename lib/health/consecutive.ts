import type { FailureDetector, InitialState } from "./failure_detector.ts";

/** How many results in a row change the state. */
export interface ConsecutiveOptions {
  /** Passed checks in a row that bring a server back, 1 or more. */
  readonly rise: number;
  /** Failed checks in a row that take a server out, 1 or more. */
  readonly fall: number;
  /** @default {"probe"} */
  readonly initial?: InitialState;
}

/**
 * Up after `rise` passed checks in a row, down after `fall` failed ones; one opposite result starts
 * the count anew. With `initial: probe` the very first result decides alone, so that a server that is
 * down when Weir starts gets no traffic for `fall` checks. (HAProxy's `rise` and `fall`.)
 */
export class Consecutive implements FailureDetector {
  readonly #options: ConsecutiveOptions;
  #available: boolean;
  #streak = 0;
  #isFirst: boolean;

  constructor(options: ConsecutiveOptions) {
    this.#options = options;
    this.#available = options.initial !== "down";
    this.#isFirst = (options.initial ?? "probe") === "probe";
  }

  get isAvailable(): boolean {
    return this.#available;
  }

  get isKnown(): boolean {
    return !this.#isFirst;
  }

  get isChanging(): boolean {
    return this.#streak > 0;
  }

  observe(passed: boolean): void {
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#available = passed;
      return;
    }
    if (passed === this.#available) {
      this.#streak = 0;
      return;
    }
    this.#streak++;
    const needed = passed ? this.#options.rise : this.#options.fall;
    if (this.#streak < needed) return;
    this.#available = passed;
    this.#streak = 0;
  }
}
