import type { RequestRecord } from "../access/record.ts";
import type { Lease } from "../core/types.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { Trace } from "../tracing/trace.ts";
import { clientAddress } from "./affinity_key.ts";
import type { HttpFront } from "./http_route.ts";
import type { SessionClient } from "./session_client.ts";

/** What a request is logged under. */
export interface TrailStart {
  readonly front: HttpFront;
  readonly client: SessionClient;
  /** Absent when none could be read. */
  readonly head: RequestHead | undefined;
  /** Bytes of earlier requests, from and to the client. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What the access log will tell of the request under way. One for each connection is used again. */
export class RequestTrail implements RequestRecord {
  #head: RequestHead | undefined;
  #front: HttpFront;
  /** Absent while the request is not traced here. */
  #trace: Trace | undefined;
  startMs = 0;
  client: string | undefined;
  method = "";
  target = "";
  version = 11;
  host = "";
  status = CLIENT_CLOSED;
  bytesIn = 0;
  bytesOut = 0;
  headBytes = 0;
  upstream: string | undefined;
  backend: string | undefined;
  queueMs = 0;
  connectMs = 0;
  firstByteMs = -1;
  totalMs = 0;
  retries = 0;
  reason: string | undefined;
  cut: string | undefined;
  requestId: string | undefined;
  userAgent: string | undefined;
  referer: string | undefined;

  constructor(start: TrailStart) {
    this.#front = start.front;
    this.begin(start);
  }

  /** Another request begins, of the same connection. */
  begin({ front, client, head, bytesIn, bytesOut }: TrailStart): void {
    this.#front = front;
    this.#head = head;
    this.startMs = front.thread.now();
    this.client = head !== undefined && client.isProxy
      ? clientAddress(client, head)
      : client.address;
    this.method = head?.method ?? "";
    this.target = head?.target ?? "";
    this.version = head?.version ?? 11;
    this.host = head?.authority ?? "";
    // Before the route changes what goes on.
    this.userAgent = head?.fields.get("user-agent");
    this.referer = head?.fields.get("referer");
    this.bytesIn = bytesIn;
    this.bytesOut = bytesOut;
    this.#forget();
    this.#trace = head && front.tracer?.begin(head.fields.getAll("traceparent"), this.startMs);
  }

  /** It is for an upstream. */
  goesTo(upstream: string): void {
    this.upstream = upstream;
    this.retries = -1;
  }

  /** Another backend is tried. */
  tries({ backend }: Lease): void {
    this.retries++;
    this.backend = backend.id;
    if (this.#trace !== undefined) this.#tellTrace(this.#trace, backend.id);
  }

  queued(sinceMs: number): void {
    this.queueMs += this.#front.thread.now() - sinceMs;
  }

  opened(sinceMs: number): void {
    const tookMs = this.#front.thread.now() - sinceMs;
    this.connectMs += tookMs;
    this.#trace?.connected(tookMs);
  }

  /** The head of a backend's answer has come. */
  answering(status: number): void {
    this.status = status;
    this.firstByteMs = this.#front.thread.now() - this.startMs;
    this.#trace?.answering(status);
  }

  /** The attempt came to nothing. */
  failed(fault: string): void {
    this.#trace?.failed(fault);
  }

  /** The answer is not delivered whole. */
  cutShort(fault: string): void {
    this.cut = fault;
    this.#trace?.failed(fault);
  }

  /** A backend's answer goes to the client, beginning with a head of so many bytes. */
  answers(headBytes: number): void {
    this.headBytes = headBytes;
  }

  /** Weir answers itself. */
  answered(status: number, reason: string, headBytes: number): void {
    this.status = status;
    this.reason = reason;
    this.headBytes = headBytes;
  }

  /** The backend's answer is out. */
  relayed(tookMs: number): void {
    this.totalMs = tookMs;
  }

  /** Hands it to the log. */
  end(bytesIn: number, bytesOut: number): void {
    if (this.totalMs < 0) this.totalMs = this.#front.thread.now() - this.startMs;
    this.bytesIn = bytesIn - this.bytesIn;
    this.bytesOut = bytesOut - this.bytesOut;
    this.requestId = this.#head?.fields.get("x-request-id");
    if (this.retries < 0) this.retries = 0;
    this.#front.access?.request(this);
    if (this.#trace !== undefined) this.#endTrace(this.#trace);
    // Else a connection that is idle would hold the text of its last head.
    this.#head = undefined;
    this.target = this.host = "";
    this.requestId = this.userAgent = this.referer = undefined;
  }

  /** Each attempt is the parent of what its backend does. */
  #tellTrace(trace: Trace, backend: string): void {
    const fields = this.#head?.fields;
    fields?.set("traceparent", trace.tries(backend));
    // W3C Trace Context section 3.3.1: it means nothing without the parent that it came with.
    if (trace.isNew) fields?.delete("tracestate");
  }

  #endTrace(trace: Trace): void {
    this.#trace = undefined;
    const attributes = { ...attributesOf(this), "weir.listener": this.#front.listener };
    trace.end({ method: this.method, status: this.status, attributes });
  }

  #forget(): void {
    this.status = CLIENT_CLOSED;
    this.headBytes = 0;
    this.upstream = undefined;
    this.backend = undefined;
    this.queueMs = 0;
    this.connectMs = 0;
    this.firstByteMs = -1;
    this.totalMs = -1;
    this.retries = 0;
    this.reason = undefined;
    this.cut = undefined;
  }
}

/** No status that anybody sent: how NGINX logs a client that went away before its answer. */
export const CLIENT_CLOSED = 499;

/** In the names that OpenTelemetry has for them. */
function attributesOf(record: RequestRecord): Record<string, string | number | undefined> {
  const { target, version, client, retries } = record;
  const queryAt = target.indexOf("?");
  return {
    "http.request.method": record.method,
    "http.response.status_code": record.status,
    "url.path": queryAt === -1 ? target : target.slice(0, queryAt),
    "url.query": queryAt === -1 ? undefined : target.slice(queryAt + 1),
    "url.scheme": "http",
    "server.address": record.host,
    "client.address": client,
    "network.protocol.version": version === 11 ? "1.1" : "1.0",
    "user_agent.original": record.userAgent,
    "weir.upstream": record.upstream,
    "weir.reason": record.reason,
    "weir.request_id": record.requestId,
    "weir.queue_ms": record.queueMs > 0 ? record.queueMs : undefined,
    "weir.retries": retries > 0 ? retries : undefined,
  };
}
