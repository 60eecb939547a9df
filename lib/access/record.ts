/**
 * What the access log tells of one HTTP request. Texts are as they came, whatever bytes they hold:
 * one character is one byte. Absent is what there was none of.
 */
export interface RequestRecord {
  /** When its head had come, in monotonic milliseconds. */
  readonly startMs: number;
  /** IP address; absent on a Unix socket. */
  readonly client: string | undefined;
  /** Empty when no head could be read. */
  readonly method: string;
  readonly target: string;
  /** 10 or 11. */
  readonly version: number;
  /** `host[:port]` as it was asked for; empty when none was. */
  readonly host: string;
  /** What the client was answered; 499 when it went before that. */
  readonly status: number;
  /** Bytes from the client, with the head. */
  readonly bytesIn: number;
  /** Bytes to the client, with the head. */
  readonly bytesOut: number;
  /** How many of `bytesOut` were the head. */
  readonly headBytes: number;
  readonly upstream: string | undefined;
  /** The backend tried last. */
  readonly backend: string | undefined;
  /** Milliseconds in the queue of the upstream; 0: it did not wait. */
  readonly queueMs: number;
  /** Milliseconds for which connections were being opened; 0: one was there. */
  readonly connectMs: number;
  /** Milliseconds until the head of the answer had come; negative when none did. */
  readonly firstByteMs: number;
  /** Milliseconds until the answer was out. */
  readonly totalMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** The word of `X-Weir-Reason`, when Weir answered itself. */
  readonly reason: string | undefined;
  /** What cut the answer short. */
  readonly cut: string | undefined;
  readonly requestId: string | undefined;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
}

/** What the access log tells of one TCP connection. */
export interface ConnectionRecord {
  /** When it was accepted, in monotonic milliseconds. */
  readonly startMs: number;
  /** `host:port`; absent on a Unix socket. */
  readonly client: string | undefined;
  readonly upstream: string;
  /** Absent when there was no connection to any. */
  readonly backend: string | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds until there was a connection to a backend, or none could be had. */
  readonly connectMs: number;
  /** Milliseconds that it lasted. */
  readonly totalMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** Why it ended, in one word. */
  readonly end: string;
}

/** Where the data path tells what has ended. Never throws, never waits. */
export interface AccessSink {
  request(record: RequestRecord): void;
  connection(record: ConnectionRecord): void;
}

/** Turns records into lines, each with its end of line, of ASCII alone. */
export interface AccessFormat {
  /**
   * @param timeMs when it began, in milliseconds since 1970
   * @param share of such records that are written, in (0, 1]
   */
  request(record: RequestRecord, timeMs: number, share: number): string;
  connection(record: ConnectionRecord, timeMs: number, share: number): string;
}
