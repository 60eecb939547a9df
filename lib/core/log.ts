/** How much an operator should care. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** Values beside a log message: flat, and safe to send between threads. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line of the operational log. */
export interface LogRecord {
  readonly level: LogLevel;
  /** A constant sentence; what varies is in `fields`. */
  readonly message: string;
  readonly fields: LogFields;
}

/** Where the operational log goes. Never throws, never waits. */
export interface Logger {
  /** False: records of that level would be thrown away, so need not be made. */
  enabled(level: LogLevel): boolean;
  write(record: LogRecord): void;
}

/** One whose level can change. */
export interface AdjustableLogger extends Logger {
  /** Changes what is written from now on; absent: everything is. */
  setLevel?(level: LogLevel): void;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3 };

/** True for the name of a level. */
export function isLogLevel(value: unknown): value is LogLevel {
  return typeof value === "string" && Object.hasOwn(RANK, value);
}

/** True when a record of `level` passes a log set to `threshold`. */
export function passes(level: LogLevel, threshold: LogLevel): boolean {
  return RANK[level] >= RANK[threshold];
}

/** Lets one event of a kind through a second, and counts those it held back. */
export class LogThrottle {
  readonly #periodMs: number;
  #nextMs = -Infinity;
  #held = 0;

  /** @param periodMs shortest time between two lines, in milliseconds */
  constructor(periodMs = 1000) {
    this.#periodMs = periodMs;
  }

  /** How many were held back since the last one let through, or `undefined` to stay silent. */
  admit(nowMs: number): number | undefined {
    if (nowMs < this.#nextMs) {
      this.#held++;
      return undefined;
    }
    const held = this.#held;
    this.#nextMs = nowMs + this.#periodMs;
    this.#held = 0;
    return held;
  }
}
