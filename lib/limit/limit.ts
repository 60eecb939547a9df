/** What is known of one piece of work, or of a window of them. */
export interface LimitSample {
  /** From its start to the first byte of the answer, in milliseconds. */
  readonly rttMs: number;
  /** Work in flight when it was answered, itself included. */
  readonly inFlight: number;
  /** It failed, or had no answer in time. */
  readonly dropped: boolean;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
}

/**
 * How much work a backend is given at once, learnt from how it does. Work that ended for reasons that
 * say nothing about the backend is no sample.
 */
export interface Limit {
  /** At least 1; what is in flight has to be below it for more to be given. */
  readonly current: number;
  onSample(sample: LimitSample): void;
}

/** Bounds of a {@linkcode Limit}. */
export interface LimitBounds {
  /** Where it begins. */
  readonly initial: number;
  /** 1 or more. */
  readonly min: number;
  readonly max: number;
}

/** `value` within the bounds. */
export function clamp(value: number, { min, max }: Pick<LimitBounds, "min" | "max">): number {
  return Math.min(max, Math.max(min, value));
}
