import { formatTraceparent, randomId } from "./trace_context.ts";
import type { AttemptRecord } from "./trace_record.ts";
import type { TracerParts } from "./tracer.ts";

/** How a trace begins. */
export interface TraceStart {
  readonly traceId: string;
  /** The caller's span; absent when the trace begins here. */
  readonly parentId: string | undefined;
  /** Spans are recorded; else the ids are all there is. */
  readonly sampled: boolean;
  /** Monotonic milliseconds. */
  readonly startMs: number;
}

/** What is told of a request when it has ended. */
export interface TraceEnd {
  readonly method: string;
  readonly status: number;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
}

/** The trace of one request: a span for it, and one for each attempt. */
export class Trace {
  readonly #start: TraceStart;
  readonly #parts: TracerParts;
  readonly #spanId: string;
  readonly #attempts: AttemptRecord[] = [];
  #attempt: { -readonly [key in keyof AttemptRecord]: AttemptRecord[key] } | undefined;

  constructor(start: TraceStart, parts: TracerParts) {
    this.#start = start;
    this.#parts = parts;
    this.#spanId = randomId(16, parts.random);
  }

  /** The caller said nothing of a trace that could be gone on with. */
  get isNew(): boolean {
    return this.#start.parentId === undefined;
  }

  /** A backend is tried; returns the `traceparent` for it. */
  tries(backend: string): string {
    const { traceId, sampled } = this.#start;
    if (!sampled) return formatTraceparent({ traceId, sampled, spanId: this.#spanId });
    this.#endAttempt();
    const { now, random } = this.#parts;
    const spanId = randomId(16, random);
    this.#attempt = { spanId, startMs: now(), endMs: 0, backend, connectMs: 0 };
    return formatTraceparent({ traceId, sampled, spanId });
  }

  /** A connection was opened for the attempt, or was not, for so many milliseconds. */
  connected(tookMs: number): void {
    if (this.#attempt !== undefined) this.#attempt.connectMs += tookMs;
  }

  /** The attempt has its answer. */
  answering(status: number): void {
    if (this.#attempt !== undefined) this.#attempt.status = status;
  }

  /** The attempt came to nothing, or its answer to no end. */
  failed(fault: string): void {
    if (this.#attempt === undefined) return;
    this.#attempt.fault = fault;
    this.#endAttempt();
  }

  /** The request has ended: hands it on, if it is recorded at all. */
  end({ method, status, attributes }: TraceEnd): void {
    const { traceId, parentId, sampled, startMs } = this.#start;
    if (!sampled) return;
    this.#endAttempt();
    const { now, wallNow, emit } = this.#parts;
    const [endMs, offsetMs] = [now(), wallNow() - now()];
    const shift = <T extends { startMs: number; endMs: number }>(span: T): T => {
      return { ...span, startMs: span.startMs + offsetMs, endMs: span.endMs + offsetMs };
    };
    emit(shift({
      traceId,
      spanId: this.#spanId,
      ...(parentId === undefined ? {} : { parentId }),
      startMs,
      endMs,
      method,
      status,
      attributes: present(attributes),
      attempts: this.#attempts.map(shift),
    }));
  }

  #endAttempt(): void {
    if (this.#attempt === undefined) return;
    this.#attempts.push({ ...this.#attempt, endMs: this.#parts.now() });
    this.#attempt = undefined;
  }
}

function present(
  values: Readonly<Record<string, string | number | undefined>>,
): Record<string, string | number> {
  const given: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === "") continue;
    given[name] = typeof value === "string" ? value.slice(0, MAX_ATTRIBUTE_LENGTH) : value;
  }
  return given;
}

/** Most characters of an attribute; what a client sends can be much longer. */
const MAX_ATTRIBUTE_LENGTH = 1024;
