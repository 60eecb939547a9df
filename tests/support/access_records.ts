import type { AccessSink, ConnectionRecord, RequestRecord } from "../../lib/access/record.ts";

/** A request as the access log hears of it. */
export function requestRecord(changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    startMs: 0,
    client: "192.0.2.7",
    method: "GET",
    target: "/a?b=c",
    version: 11,
    host: "example.com",
    status: 200,
    bytesIn: 90,
    bytesOut: 1150,
    headBytes: 150,
    upstream: "app",
    backend: "b0",
    queueMs: 0,
    connectMs: 0,
    firstByteMs: 1.25,
    totalMs: 2.5,
    retries: 0,
    reason: undefined,
    cut: undefined,
    requestId: "id-1",
    userAgent: "curl/8",
    referer: undefined,
    ...changes,
  };
}

/** A TCP connection as the access log hears of it. */
export function connectionRecord(changes: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    startMs: 0,
    client: "192.0.2.7:50000",
    upstream: "db",
    backend: "b0",
    bytesIn: 10,
    bytesOut: 20,
    connectMs: 0.5,
    totalMs: 1500.25,
    retries: 0,
    end: "done",
    ...changes,
  };
}

/** 2026-11-21T09:00:00.123Z */
export const TIME_MS = Date.UTC(2026, 10, 21, 9, 0, 0, 123);

/** A log that keeps copies of what it is told. */
export class MemoryAccess implements AccessSink {
  readonly requests: RequestRecord[] = [];
  readonly connections: ConnectionRecord[] = [];

  request(record: RequestRecord): void {
    this.requests.push({ ...record });
  }

  connection(record: ConnectionRecord): void {
    this.connections.push(record);
  }
}
