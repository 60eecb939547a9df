import type { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { AttemptRecord, TraceRecord } from "../tracing/trace_record.ts";

/** A span in the shape of OpenTelemetry's JavaScript. */
export type Span = Parameters<OTLPTraceExporter["export"]>[0][number];

/** What all spans of one Weir have in common. */
export interface SpanOrigin {
  readonly resource: Span["resource"];
  /** Of Weir. */
  readonly version: string;
}

/** The span of a request, and those of its attempts. */
export function spansOf(record: TraceRecord, origin: SpanOrigin): Span[] {
  const { traceId, spanId, parentId, method, status, attributes, attempts } = record;
  const server = createSpan(record, origin, {
    name: method,
    kind: SERVER,
    ids: { traceId, spanId, parentId, isRemote: true },
    // Below 500 it is the client's doing (semantic conventions for HTTP spans).
    isError: status >= 500,
    attributes,
  });
  return [server, ...attempts.map((attempt, at) => attemptSpan(attempt, at, record, origin))];
}

function attemptSpan(
  attempt: AttemptRecord,
  resends: number,
  { traceId, spanId, method }: TraceRecord,
  origin: SpanOrigin,
): Span {
  const { backend, connectMs, status, fault } = attempt;
  return createSpan(attempt, origin, {
    name: method,
    kind: CLIENT,
    ids: { traceId, spanId: attempt.spanId, parentId: spanId, isRemote: false },
    isError: fault !== undefined || (status ?? 0) >= 400,
    attributes: {
      "http.request.method": method,
      "weir.backend": backend,
      ...(connectMs > 0 ? { "weir.connect_ms": connectMs } : {}),
      ...(resends > 0 ? { "http.request.resend_count": resends } : {}),
      ...(status === undefined ? {} : { "http.response.status_code": status }),
      ...(fault === undefined ? {} : { "error.type": fault }),
    },
  });
}

interface SpanParts {
  readonly name: string;
  readonly kind: Span["kind"];
  readonly ids: {
    readonly traceId: string;
    readonly spanId: string;
    readonly parentId: string | undefined;
    readonly isRemote: boolean;
  };
  readonly isError: boolean;
  readonly attributes: Span["attributes"];
}

function createSpan(
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
  { resource, version }: SpanOrigin,
  { name, kind, ids, isError, attributes }: SpanParts,
): Span {
  const { traceId, spanId, parentId, isRemote } = ids;
  const context = { traceId, traceFlags: SAMPLED };
  return {
    name,
    kind,
    spanContext: () => ({ ...context, spanId }),
    ...(parentId === undefined
      ? {}
      : { parentSpanContext: { ...context, spanId: parentId, isRemote } }),
    startTime: toTime(startMs),
    endTime: toTime(endMs),
    duration: toTime(endMs - startMs),
    status: { code: isError ? ERROR : UNSET },
    attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: "weir", version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds. */
function toTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)];
}

// The numbers of `@opentelemetry/api`, whose module nothing else here needs.
const SERVER = 1;
const CLIENT = 2;
const UNSET = 0;
const ERROR = 2;
const SAMPLED = 1;
