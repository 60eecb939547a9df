import { Trace } from "./trace.ts";
import { parseTraceparent, randomId } from "./trace_context.ts";
import type { TraceRecord } from "./trace_record.ts";

/** What of the configuration says which requests are traced. */
export interface TracerSettings {
  /** Share of the requests without a caller's decision, in [0, 1]. */
  readonly sample: number;
  /** Most traces that this thread records in a second, whoever asks for them. */
  readonly maxPerSecond: number;
}

/** What a {@linkcode Tracer} works with. */
export interface TracerParts {
  /** Takes what has ended. Never throws, never waits. */
  readonly emit: (record: TraceRecord) => void;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
}

/** Decides which requests of one thread are traced: as the caller did, else by chance. */
export class Tracer {
  readonly #settings: TracerSettings;
  readonly #parts: TracerParts;
  #second = NaN;
  #inSecond = 0;

  constructor(settings: TracerSettings, parts: TracerParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /**
   * The trace of a request, or `undefined` when what its caller said is to go on as it is.
   *
   * @param parents values of `traceparent`; more than one are as good as none
   */
  begin(parents: readonly string[], startMs: number): Trace | undefined {
    const { random } = this.#parts;
    const parent = parents.length === 1 ? parseTraceparent(parents[0]!) : undefined;
    const isWanted = parent === undefined ? random() < this.#settings.sample : parent.sampled;
    const sampled = isWanted && this.#admit(startMs);
    if (parent !== undefined && !sampled) return undefined;
    return new Trace({
      traceId: parent?.traceId ?? randomId(32, random),
      parentId: parent?.spanId,
      sampled,
      startMs,
    }, this.#parts);
  }

  /** A caller that asks for every request to be traced must not be able to fill a collector. */
  #admit(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    return this.#inSecond++ < this.#settings.maxPerSecond;
  }
}
