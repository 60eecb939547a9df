/** How much an operator should care. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** What records are about; each can have a level of its own. */
export const LOG_CATEGORIES = [
  "listener",
  "proxy",
  "health",
  "tls",
  "admin",
  "config",
  "process",
] as const;

/** One of {@linkcode LOG_CATEGORIES}. */
export type LogCategory = typeof LOG_CATEGORIES[number];

/** Levels of categories; those left out have the general one. */
export type CategoryLevels = Readonly<Partial<Record<LogCategory, LogLevel>>>;

/** Values beside a log message: flat, and safe to send between threads. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line of the operational log. */
export interface LogRecord {
  readonly level: LogLevel;
  /** @default {"process"} */
  readonly category?: LogCategory;
  /** A constant sentence; what varies is in `fields`. */
  readonly message: string;
  readonly fields: LogFields;
}

/** Where the operational log goes. Never throws, never waits. */
export interface Logger {
  /**
   * False: records of that level would be thrown away, so need not be made.
   *
   * @param category absent: the one that records get which name none
   */
  enabled(level: LogLevel, category?: LogCategory): boolean;
  write(record: LogRecord): void;
}

/** One whose level can change. */
export interface AdjustableLogger extends Logger {
  /**
   * Changes what is written from now on; absent: everything is.
   *
   * @param levels of categories; absent: as before
   */
  setLevel?(level: LogLevel, levels?: CategoryLevels): void;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3 };

/** True for the name of a level. */
export function isLogLevel(value: unknown): value is LogLevel {
  return typeof value === "string" && Object.hasOwn(RANK, value);
}

/** True for the name of a category. */
export function isLogCategory(value: unknown): value is LogCategory {
  return LOG_CATEGORIES.some((category) => category === value);
}

/** The general level and those of categories, looked up without a detour. */
export class LevelTable {
  readonly #ranks: Record<LogCategory, number>;
  #levels: CategoryLevels;

  /** @param levels of categories */
  constructor(level: LogLevel, levels: CategoryLevels = {}) {
    const all = RANK[level];
    this.#levels = levels;
    this.#ranks = {
      listener: all,
      proxy: all,
      health: all,
      tls: all,
      admin: all,
      config: all,
      process: all,
    };
    this.set(level, levels);
  }

  /** True when a record of that level and category is to be written. */
  passes(level: LogLevel, category: LogCategory = "process"): boolean {
    return RANK[level] >= this.#ranks[category];
  }

  /** @param levels of categories; absent: as before */
  set(level: LogLevel, levels: CategoryLevels = this.#levels): void {
    this.#levels = levels;
    for (const category of LOG_CATEGORIES) {
      this.#ranks[category] = RANK[levels[category] ?? level];
    }
  }
}

/** The same log for a part whose records are of `category`, unless they name another. */
export function inCategory(log: Logger, category: LogCategory): Logger {
  return {
    enabled: (level, own = category) => log.enabled(level, own),
    write: (record) => {
      if (record.category !== undefined) log.write(record);
      else if (log.enabled(record.level, category)) log.write({ ...record, category });
    },
  };
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
