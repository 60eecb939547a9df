import type { BackendSpec } from "../core/types.ts";
import { type Fault, harmOf, type Span } from "./fault.ts";

/** A change of what the balancer thinks of a backend, or of all of them. */
export interface Change {
  /** Virtual milliseconds. */
  readonly atMs: number;
  /** `null`: it is about all. */
  readonly backend: string | null;
  readonly what: string;
}

/** How long a backend with a fault went on getting ordinary work. */
export interface Detection {
  readonly backend: string;
  /** When the fault began. Virtual milliseconds. */
  readonly fromMs: number;
  /** From then to the last request that was no trial; `null`: it was never taken out for it. */
  readonly foundMs: number | null;
}

/** A fault that has yet to be found, or was. */
interface Search {
  readonly backend: number;
  readonly harm: Span;
  foundMs: number | null;
}

/** Notes what is done about faults in a run: a transcript, and what it comes to. */
export class Containment {
  /** The first {@linkcode MOST_CHANGES} of them. */
  readonly changes: Change[] = [];
  ejections = 0;
  openings = 0;
  /** How often so few backends were well that all were tried. */
  panics = 0;
  /** Requests that had to wait for a backend to have less work. */
  queued = 0;
  /** When each backend was last given work. */
  readonly lastWorkMs: Float64Array;
  readonly #backends: readonly BackendSpec[];
  readonly #searches: readonly Search[];

  constructor(backends: readonly BackendSpec[], faults: readonly Fault[]) {
    this.#backends = backends;
    this.lastWorkMs = new Float64Array(backends.length).fill(-Infinity);
    this.#searches = faults.flatMap((fault) => {
      const harm = harmOf(fault);
      return harm === undefined ? [] : [{ backend: fault.backend, harm, foundMs: null }];
    });
  }

  /** A backend gets no more work, but for trials. */
  takenOut(backend: number, atMs: number, what: string): void {
    this.#note(backend, atMs, what);
    for (const search of this.#searches) {
      const { harm: { fromMs, toMs } } = search;
      const isIts = search.backend === backend && atMs >= fromMs && atMs < toMs;
      if (!isIts || search.foundMs !== null) continue;
      search.foundMs = Math.max(0, this.lastWorkMs[backend]! - fromMs);
    }
  }

  /** It is tried, or gets work again. */
  letIn(backend: number, atMs: number, what: string): void {
    this.#note(backend, atMs, what);
  }

  panicked(atMs: number, isInPanic: boolean): void {
    if (isInPanic) this.panics++;
    this.#push({ atMs, backend: null, what: isInPanic ? "panic" : "panic over" });
  }

  get detections(): Detection[] {
    return this.#searches.map(({ backend, harm, foundMs }) => {
      return { backend: this.#backends[backend]?.id ?? "", fromMs: harm.fromMs, foundMs };
    });
  }

  #note(backend: number, atMs: number, what: string): void {
    this.#push({ atMs, backend: this.#backends[backend]?.id ?? null, what });
  }

  #push(change: Change): void {
    if (this.changes.length < MOST_CHANGES) this.changes.push(change);
  }
}

/** More are read by nobody, and a backend that flaps for a day makes thousands. */
const MOST_CHANGES = 1000;
