/** How the process ends. */
export const EXIT = {
  ok: 0,
  /** The configuration is wrong. */
  config: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A listener could not be opened. */
  listen: 3,
  /** The running Weir does not do what it was asked to, or is not ready. */
  refused: 1,
  /** The admin interface cannot be reached. */
  unavailable: 69,
  internal: 70,
} as const;

export type ExitCode = typeof EXIT[keyof typeof EXIT];
