/** One attempt at a request, as its span tells of it. Moments are milliseconds since 1970. */
export interface AttemptRecord {
  readonly spanId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly backend: string;
  /** Milliseconds for which a connection was being opened; 0: one was there. */
  readonly connectMs: number;
  /** Absent when no answer came. */
  readonly status?: number;
  /** Why it came to nothing. */
  readonly fault?: string;
}

/** One request that is traced: a span, and one below it for each attempt. */
export interface TraceRecord {
  readonly traceId: string;
  readonly spanId: string;
  /** The caller's span; absent when the trace begins here. */
  readonly parentId?: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly method: string;
  readonly status: number;
  /** Attributes of the span, by their names in OpenTelemetry. */
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly attempts: readonly AttemptRecord[];
}

/** Whether a value has the form of a {@linkcode TraceRecord}: threads are not trusted to write well. */
export function isTraceRecord(value: unknown): value is TraceRecord {
  return isObject(value) && isHex(value["traceId"], 32) && isHex(value["spanId"], 16) &&
    (value["parentId"] === undefined || isHex(value["parentId"], 16)) && hasTimes(value) &&
    typeof value["method"] === "string" && typeof value["status"] === "number" &&
    isObject(value["attributes"]) && Object.values(value["attributes"]).every(isPlain) &&
    Array.isArray(value["attempts"]) && value["attempts"].every(isAttempt);
}

function isAttempt(value: unknown): boolean {
  return isObject(value) && isHex(value["spanId"], 16) && hasTimes(value) &&
    typeof value["backend"] === "string" && typeof value["connectMs"] === "number" &&
    [value["status"], value["fault"]].every((part) => part === undefined || isPlain(part));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

function isHex(value: unknown, digits: number): boolean {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]+$/.test(value);
}

function hasTimes({ startMs, endMs }: Record<string, unknown>): boolean {
  return Number.isFinite(startMs) && Number.isFinite(endMs);
}
