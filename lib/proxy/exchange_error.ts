/** Why an exchange with a backend came to nothing. */
export type ExchangeFault =
  /** No connection could be had. */
  | "connect"
  | "connect_timeout"
  /** The backend was reached, but no TLS came of it. */
  | "tls_failed"
  /** As many connections are open as the pool allows. */
  | "pool_exhausted"
  /** The connection broke, or ended too early. */
  | "reset"
  /** No answer in time. */
  | "timeout"
  /** What came is no HTTP answer. */
  | "bad_response"
  /** An answer came whose status says to try elsewhere. */
  | "status_502"
  | "status_503"
  | "status_504"
  /** The client went away: the backend is not to blame. */
  | "client"
  /** The client did not send what it announced in time. */
  | "client_timeout";

/** One attempt at an exchange has failed. */
export class ExchangeError extends Error {
  override readonly name = "ExchangeError";
  readonly fault: ExchangeFault;

  constructor(fault: ExchangeFault, message: string, cause?: unknown) {
    super(message, { cause });
    this.fault = fault;
  }
}
