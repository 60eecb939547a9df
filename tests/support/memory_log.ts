import type { LogCategory, LogFields, Logger, LogRecord } from "../../lib/core/log.ts";

/** A log that keeps what it is told. */
export class MemoryLog implements Logger {
  readonly records: LogRecord[] = [];

  enabled(): boolean {
    return true;
  }

  write(record: LogRecord): void {
    this.records.push(record);
  }

  /** The category of the last record with that message. */
  categoryOf(message: string): LogCategory | undefined {
    return this.records.findLast((record) => record.message === message)?.category;
  }

  /** The fields of every record with that message. */
  fieldsOf(message: string): LogFields[] {
    return this.records.filter((record) => record.message === message).map(({ fields }) => fields);
  }
}
