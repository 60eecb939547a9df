/** What a server counts as before its first result; with `probe` that result decides alone. */
export type InitialState = "up" | "down" | "probe";

/** Turns a series of check results into up or down. No clock, no sockets. */
export interface FailureDetector {
  readonly isAvailable: boolean;
  /** False until the first result, where that is what decides. */
  readonly isKnown: boolean;
  /** The last result spoke against the state, and a few more like it change it. */
  readonly isChanging: boolean;
  /**
   * Takes the result of one finished check.
   *
   * @param nowMs monotonic; time in which the process stood still does not count
   */
  observe(passed: boolean, nowMs: number): void;
  /** Work that clients gave the server went well. */
  heard?(nowMs: number): void;
  /** To be called between results where silence alone can change the state. */
  evaluate?(nowMs: number): void;
  /** How sure it is that the server has failed, 0 to {@linkcode MAX_SUSPICION}. */
  suspicion?(nowMs: number): number;
}

/** Levels above this are shown as this. */
export const MAX_SUSPICION = 100;
