/** What went wrong, as the one word that logs, metrics and answers share. */
export type LbErrorCode =
  | "connect_refused"
  | "connect_timeout"
  | "connect_failed"
  /** The backend was reached, but no TLS came of it: a certificate that is not accepted, most likely. */
  | "tls_failed"
  /** Weir itself has no file descriptor or port left; says nothing about the backend. */
  | "out_of_sockets"
  | "upstream_reset"
  | "upstream_timeout";

/** True when no byte of what was to be sent has gone out. */
export function isConnectFailure(code: LbErrorCode): boolean {
  return code.startsWith("connect_") || code === "tls_failed";
}

/** Which side failed: decides who is blamed. */
export type ErrorSide = "upstream" | "internal";

/** Facts beside the message of an {@linkcode LbError}. */
export interface LbErrorOptions {
  readonly side: ErrorSide;
  readonly cause?: unknown;
}

/** A failure that callers branch on; everything else is a built-in error class. */
export class LbError extends Error {
  override readonly name = "LbError";
  readonly code: LbErrorCode;
  readonly side: ErrorSide;

  constructor(code: LbErrorCode, message: string, options: LbErrorOptions) {
    super(message, { cause: options.cause });
    this.code = code;
    this.side = options.side;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
