/** Turns a series of check results into up or down. No clock, no sockets. */
export interface FailureDetector {
  /** Takes the result of one finished check. */
  observe(passed: boolean): void;
  readonly isAvailable: boolean;
}
