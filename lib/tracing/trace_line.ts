import { isTraceRecord, type TraceRecord } from "./trace_record.ts";

/** A record as a line of ASCII, for its way between threads. */
export function traceLine(record: TraceRecord): string {
  return JSON.stringify(record).replace(NOT_ASCII, escape) + "\n";
}

/** The records in whole lines; those that are none are left out. */
export function parseTraceLines(text: string): TraceRecord[] {
  return text.split("\n").flatMap((line) => {
    const record = line === "" ? undefined : parse(line);
    return isTraceRecord(record) ? [record] : [];
  });
}

const NOT_ASCII = /[^ -~]/g;

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // What a thread left half done, or what a broken one made up.
    return undefined;
  }
}
