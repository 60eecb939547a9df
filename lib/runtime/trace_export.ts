import type { TracingConfig } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { type Logger, LogThrottle } from "../core/log.ts";
import { VERSION } from "../core/version.ts";
import type { RingQueue } from "../ds/ring_queue.ts";
import { SpanQueue, type SpansLost } from "../tracing/span_queue.ts";
import { parseTraceLines } from "../tracing/trace_line.ts";
import { AccessReader } from "./access_reader.ts";
import { type Span, spansOf } from "./trace_spans.ts";

/** What a {@linkcode TraceExport} works with. */
export interface TraceExportParts {
  /** Absent: nothing is traced for now. */
  readonly config: TracingConfig | undefined;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Sends spans to one collector. */
interface Collector extends AsyncDisposable {
  readonly endpoint: string;
  send(spans: readonly Span[]): Promise<string | undefined>;
  spansOf(lines: string): Span[];
}

/**
 * The supervisor's end of tracing: what the worker threads record goes to the collector. The packages
 * of OpenTelemetry are loaded when there is one, and not before.
 */
export class TraceExport implements AsyncDisposable {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #throttle = new LogThrottle(TELL_EVERY_MS);
  readonly #decoder = new TextDecoder();
  readonly #queue = new SpanQueue<Span>((spans) => this.#send(spans));
  readonly #readers = new Set<AccessReader>();
  /** Records that threads had no room for. */
  #droppedBefore = 0;
  #config: TracingConfig | undefined;
  #collector: Promise<Collector> | undefined;

  constructor({ config, log, clock }: TraceExportParts) {
    this.#log = log;
    this.#clock = clock;
    this.take(config);
  }

  /** Since the start. */
  get lost(): SpansLost {
    const { dropped, failed } = this.#queue.lost;
    const inRings = [...this.#readers].reduce((sum, reader) => sum + reader.dropped, 0);
    return { dropped: dropped + this.#droppedBefore + inRings, failed };
  }

  /** Goes by another configuration. Without a collector, what still comes goes to the last one. */
  take(config: TracingConfig | undefined): void {
    const { endpoint, serviceName } = this.#config ?? {};
    if (config === undefined) return;
    if (config.endpoint === endpoint && config.serviceName === serviceName) return;
    const old = this.#collector;
    this.#config = config;
    this.#collector = connect(config);
    this.#collector.catch((error) => this.#tell(messageOf(error)));
    void old?.then((collector) => collector[Symbol.asyncDispose]()).catch(() => {});
  }

  /** Hands on what a thread records, until that is disposed. */
  read(ring: RingQueue): Disposable {
    const reader = new AccessReader(ring, (bytes) => this.#take(bytes));
    this.#readers.add(reader);
    // Ends when the reader is disposed.
    void reader.run();
    return {
      [Symbol.dispose]: () => {
        if (!this.#readers.delete(reader)) return;
        reader[Symbol.dispose]();
        this.#droppedBefore += reader.dropped;
      },
    };
  }

  /** Sends what there is, as far as that goes within a moment. */
  async [Symbol.asyncDispose](): Promise<void> {
    const late = Promise.withResolvers<void>();
    using _timer = this.#clock.after(LAST_SPANS_MS, late.resolve);
    await Promise.race([this.#finish(), late.promise]);
  }

  async #finish(): Promise<void> {
    await this.#queue.flush();
    await (await this.#collector?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  async #take(bytes: Uint8Array): Promise<void> {
    const collector = await this.#collector?.catch(() => undefined);
    if (collector !== undefined) {
      this.#queue.add(collector.spansOf(this.#decoder.decode(bytes)));
    }
  }

  async #send(spans: readonly Span[]): Promise<boolean> {
    const collector = await this.#collector?.catch(() => undefined);
    const error = await collector?.send(spans);
    if (error !== undefined) this.#tell(error);
    return collector !== undefined && error === undefined;
  }

  #tell(error: string): void {
    if (this.#throttle.admit(this.#clock.now()) === undefined) return;
    const { dropped, failed } = this.lost;
    const fields = { endpoint: this.#config?.endpoint, error, dropped, failed };
    this.#log.write({ level: "warning", message: "Traces cannot be sent", fields });
  }
}

/** Who is not tracing has nothing to do with these packages: a start without them is 40 ms shorter. */
async function connect({ endpoint, serviceName }: TracingConfig): Promise<Collector> {
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  const { resourceFromAttributes } = await import("@opentelemetry/resources");
  const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: SEND_MS });
  const resource = resourceFromAttributes({
    "service.name": serviceName,
    "service.version": VERSION,
  });
  const origin = { resource, version: VERSION };
  return {
    endpoint,
    send: (spans) => {
      return new Promise((resolve) => {
        exporter.export([...spans], ({ code, error }) => {
          resolve(code === 0 ? undefined : messageOf(error ?? "refused"));
        });
      });
    },
    spansOf: (lines) => parseTraceLines(lines).flatMap((record) => spansOf(record, origin)),
    [Symbol.asyncDispose]: () => exporter.shutdown(),
  };
}

/** A parcel of spans has so long to arrive. */
const SEND_MS = 5000;
/** A trouble that lasts is told so often, and no more. */
const TELL_EVERY_MS = 60_000;
const LAST_SPANS_MS = 2000;
