/** Status of the answer to a message that cannot be parsed; 502 when a backend sent it. */
export type ParseErrorStatus = 400 | 413 | 414 | 417 | 431 | 501 | 502 | 505;

/** What is wrong with a message, as the one word that logs, metrics and answers share. */
export type ParseErrorReason =
  | "bad_request"
  | "bad_response"
  | "bad_version"
  | "bad_target"
  | "bad_field"
  | "bad_host"
  | "bad_framing"
  | "bad_connection"
  | "bad_chunk"
  | "bad_trailer"
  | "body_too_large"
  | "expectation_failed"
  | "headers_too_large"
  | "too_many_fields"
  | "uri_too_long"
  | "unsupported_coding"
  | "unsupported_method"
  | "unsupported_version";

/** A message that is refused: the connection it came from cannot be used any longer. */
export class HttpParseError extends Error {
  override readonly name = "HttpParseError";
  readonly status: ParseErrorStatus;
  readonly reason: ParseErrorReason;

  /** @param detail what was found, in words for the log; never bytes of the message */
  constructor(status: ParseErrorStatus, reason: ParseErrorReason, detail: string) {
    super(`Cannot parse HTTP message: ${detail}`);
    this.status = status;
    this.reason = reason;
  }
}

/** The same fault in a backend's message: whatever it was, the client sees 502. */
export function toBadGateway(error: unknown): unknown {
  if (!(error instanceof HttpParseError) || error.status === 502) return error;
  const detail = error.message.slice(error.message.indexOf(": ") + 2);
  return new HttpParseError(502, error.reason, detail);
}
