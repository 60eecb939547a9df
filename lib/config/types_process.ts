import type { TcpAddress } from "../core/address.ts";
import type { CategoryLevels, LogLevel } from "../core/log.ts";

/** The operational log. */
export interface LogConfig {
  readonly level: LogLevel;
  /** Of categories, where it is another; absent: nowhere. */
  readonly levels?: CategoryLevels;
  readonly format: "text" | "json";
  /** Absent: standard error. */
  readonly file?: string;
}

/** The access log: a line for each request over HTTP, and for each TCP connection. */
export interface AccessLogConfig {
  readonly format: "json" | "combined";
  /** Absent: standard output. */
  readonly file?: string;
  /** Share of the lines that are written, in [0, 1]. */
  readonly sample: number;
}

/** Traces of HTTP requests, for a collector of OpenTelemetry. */
export interface TracingConfig {
  /** Where spans are sent to over OTLP/HTTP: the whole URL. */
  readonly endpoint: string;
  /** Share of the requests without a caller's decision, in [0, 1]. */
  readonly sample: number;
  /** Most traces recorded in a second, over all workers. */
  readonly maxPerSecond: number;
  readonly serviceName: string;
}

/** The admin listener. */
export interface AdminConfig {
  readonly address: TcpAddress;
  /** Path of the file with the token that requests have to carry; absent: none, on loopback only. */
  readonly tokenFile?: string;
  /** Names by which it may be called, beside its own address. */
  readonly hosts: readonly string[];
}
