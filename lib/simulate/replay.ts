import { TimeHeap } from "../ds/time_heap.ts";
import type { ArrivalLimit, ArrivalSource } from "./arrivals.ts";
import { hashText } from "../ds/hash.ts";

/** What a request's key is made of. */
export const REPLAY_KEYS = ["client", "path"] as const;
export type ReplayKey = typeof REPLAY_KEYS[number];

/** What a line of an access log says that a simulation needs. */
export interface LoggedRequest {
  /** Start of the request, in milliseconds since 1970. */
  readonly timeMs: number;
  readonly serviceMs: number;
  /** 32-bit hash of the affinity key. */
  readonly key: number;
}

/**
 * Reads one line of an access log: a JSON object with `time` (RFC 3339) and `duration_ms`. For the
 * service time `upstream_ms` goes before `duration_ms`. The key is `client` without its port, or
 * `path`, which is that of `target` in lines of Weir; one that is absent is a key like any other.
 * Further fields do not matter.
 *
 * @returns `undefined` when the line cannot be used
 */
export function parseLogLine(line: string, keyBy: ReplayKey): LoggedRequest | undefined {
  const record = parseRecord(line);
  if (record === undefined) return undefined;
  const timeMs = parseTime(record["time"]);
  const serviceMs = record["upstream_ms"] ?? record["duration_ms"];
  if (timeMs === undefined || typeof serviceMs !== "number" || serviceMs < 0) return undefined;
  const key = keyBy === "client" ? withoutPort(textIn(record, "client")) : pathIn(record);
  return { timeMs, serviceMs, key: hashText(key) };
}

/** What was odd about a log. */
export interface LogFindings {
  /** Lines that are no request. */
  readonly unusable: number;
  /** Number of the first such line, from 1. */
  readonly firstUnusableLine: number | undefined;
  /** Requests that stood so far from their place that they were taken to arrive later. */
  readonly late: number;
}

/**
 * Requests as an access log recorded them.
 *
 * A log is written in the order in which requests end. Up to {@linkcode SORTED_LINES} are held back
 * and sorted by their start, which is all the memory that a log of any length takes.
 */
export class ReplaySource implements ArrivalSource {
  atMs = Infinity;
  serviceMs = 0;
  key = 0;
  readonly #lines: Iterator<string>;
  readonly #keyBy: ReplayKey;
  readonly #limit: ArrivalLimit;
  /** The requests held back, by slot. */
  readonly #order = new TimeHeap();
  readonly #times = new Float64Array(SORTED_LINES);
  readonly #services = new Float64Array(SORTED_LINES);
  readonly #keys = new Uint32Array(SORTED_LINES);
  #startMs: number | undefined;
  #lineNumber = 0;
  #taken = 0;
  #unusable = 0;
  #firstUnusableLine: number | undefined;
  #late = 0;
  /** The slot of the next request. */
  #next = -1;

  constructor(lines: Iterable<string>, keyBy: ReplayKey, limit: ArrivalLimit) {
    this.#lines = lines[Symbol.iterator]();
    this.#keyBy = keyBy;
    this.#limit = limit;
    for (let slot = 0; slot < SORTED_LINES && this.#read(slot);) slot++;
    this.#goOn(0);
  }

  /** What was odd so far. */
  get findings(): LogFindings {
    return {
      unusable: this.#unusable,
      firstUnusableLine: this.#firstUnusableLine,
      late: this.#late,
    };
  }

  take(): void {
    const slot = this.#next;
    this.serviceMs = this.#services[slot]!;
    this.key = this.#keys[slot]!;
    this.#taken++;
    this.#read(slot);
    this.#goOn(this.atMs);
  }

  /** Puts the next request of the log into `slot`; false when there is none. */
  #read(slot: number): boolean {
    for (let line = this.#lines.next(); line.done !== true; line = this.#lines.next()) {
      this.#lineNumber++;
      if (line.value.trim() === "") continue;
      const request = parseLogLine(line.value, this.#keyBy);
      if (request === undefined) {
        this.#unusable++;
        this.#firstUnusableLine ??= this.#lineNumber;
        continue;
      }
      this.#times[slot] = request.timeMs;
      this.#services[slot] = request.serviceMs;
      this.#keys[slot] = request.key;
      this.#order.push(request.timeMs, slot);
      return true;
    }
    return false;
  }

  #goOn(beforeMs: number): void {
    this.#next = this.#order.pop();
    if (this.#next === -1 || this.#taken === this.#limit.requests) return this.#end();
    const timeMs = this.#times[this.#next]!;
    this.#startMs ??= timeMs;
    if (timeMs - this.#startMs < beforeMs) this.#late++;
    this.atMs = Math.max(beforeMs, timeMs - this.#startMs);
    if (this.atMs >= this.#limit.durationMs) this.#end();
  }

  #end(): void {
    this.atMs = Infinity;
    this.#lines.return?.();
  }
}

/** What a whole log comes to. */
export interface LogSummary extends LogFindings {
  readonly requests: number;
  /** From the first request to the last. Milliseconds. */
  readonly durationMs: number;
  readonly meanServiceMs: number;
}

/** Goes through a log once. */
export function summarizeLog(source: ReplaySource): LogSummary {
  let requests = 0;
  let durationMs = 0;
  let serviceMs = 0;
  while (source.atMs !== Infinity) {
    durationMs = source.atMs;
    source.take();
    requests++;
    serviceMs += source.serviceMs;
  }
  return { ...source.findings, requests, durationMs, meanServiceMs: serviceMs / requests };
}

/** More than a busy balancer has under way, so that a log in the order of endings gets sorted. */
const SORTED_LINES = 65_536;

function parseRecord(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function textIn(record: Record<string, unknown>, field: string): string {
  const value = record[field];
  return typeof value === "string" ? value : "";
}

/** Lines of Weir have the whole target of the request. */
function pathIn(record: Record<string, unknown>): string {
  if (record["path"] !== undefined) return textIn(record, "path");
  const target = textIn(record, "target");
  const end = target.indexOf("?");
  return end === -1 ? target : target.slice(0, end);
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

function parseTime(value: unknown): number | undefined {
  if (typeof value !== "string" || !RFC_3339.test(value)) return undefined;
  const timeMs = Date.parse(value);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** `10.0.0.1:5000` and `[::1]:5000` name the same client as `10.0.0.1` and `::1`. */
function withoutPort(client: string): string {
  const [, bracketed, plain] = /^\[([^\]]*)\](?::\d+)?$|^([^:]*):\d+$/.exec(client) ?? [];
  return bracketed ?? plain ?? client;
}
