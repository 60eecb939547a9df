/** How a backend that can fall ill deals with connections and requests. */
export interface Conduct {
  /** Time of one piece of work, in milliseconds. */
  readonly serviceMs: number;
  /** Whether all work takes that time, or it is the mean of an exponential distribution. */
  readonly spread: "none" | "exponential";
  /** Pieces of work done at once; the others queue inside. 0: all. */
  readonly slots: number;
  /** Each so-manieth request is answered 500; 0: none. */
  readonly failEvery: number;
  /**
   * What becomes of connections: they are served, reset at the first byte of the next request, or
   * nothing: none is accepted, the queue of the port is full, and those that are open fall silent.
   */
  readonly connections: "served" | "reset" | "swallowed";
}

/** Answers everything after five milliseconds, so that some are under way at any time. */
export const WELL: Conduct = {
  serviceMs: 5,
  spread: "none",
  slots: 0,
  failEvery: 0,
  connections: "served",
};
