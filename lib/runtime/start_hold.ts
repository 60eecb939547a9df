import type { Clock } from "../core/clock.ts";
import type { PlacedBackend } from "./layout.ts";

/** What a {@linkcode StartHold} goes by. */
export interface StartHoldOptions {
  readonly clock: Clock;
  readonly backends: readonly PlacedBackend[];
  readonly isUp: (backend: PlacedBackend) => boolean;
  /** Lets a backend have traffic of which nothing is known. */
  readonly admit: (backend: PlacedBackend) => void;
}

/**
 * Holds the listeners back until first checks have said who is well, so that nobody is sent to a
 * backend that nothing is known of, and nobody is turned away because checks have not run.
 *
 * It ends when every first check that decides has ended; sooner when each upstream has somebody well
 * and {@linkcode GRACE_MS} have passed, so that one that hangs does not hold up the others; and at
 * last when the longest timeout has passed, or {@linkcode MAX_HOLD_MS}. An upstream that then has
 * nobody tries those of which nothing is known.
 */
export class StartHold implements Disposable {
  readonly #options: StartHoldOptions;
  readonly #undecided: Set<PlacedBackend>;
  readonly #over = Promise.withResolvers<void>();
  readonly #timers: Disposable[] = [];
  #graceIsOver = false;

  constructor(options: StartHoldOptions) {
    this.#options = options;
    const { backends, clock } = options;
    this.#undecided = new Set(backends.filter(isDecidedByCheck));
    const timeouts = [...this.#undecided].map((backend) => timeoutOf(backend));
    const longestMs = Math.min(MAX_HOLD_MS, Math.max(0, ...timeouts));
    this.#timers.push(
      clock.after(GRACE_MS, () => this.#endGrace()),
      clock.after(longestMs, () => this.#giveUp()),
    );
    this.#look();
  }

  /** Resolves when listeners may open. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** The state of a backend is known, and where others look it up. */
  decided(backend: PlacedBackend): void {
    this.#undecided.delete(backend);
    this.#look();
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#over.resolve();
  }

  #endGrace(): void {
    this.#graceIsOver = true;
    this.#look();
  }

  #look(): void {
    if (this.#undecided.size > 0 && !(this.#graceIsOver && this.#hasSomebody())) return;
    this[Symbol.dispose]();
  }

  /** Every upstream with undecided members has one that is up. */
  #hasSomebody(): boolean {
    return this.#lacking().length === 0;
  }

  /** The undecided members of upstreams that have nobody. */
  #lacking(): PlacedBackend[] {
    const { backends, isUp } = this.#options;
    const served = new Set(backends.filter(isUp).map(({ upstream }) => upstream));
    return [...this.#undecided].filter(({ upstream }) => !served.has(upstream));
  }

  #giveUp(): void {
    for (const backend of this.#lacking()) this.#options.admit(backend);
    this[Symbol.dispose]();
  }
}

/** Its first check decides whether it gets traffic. */
export function isDecidedByCheck({ upstream }: PlacedBackend): boolean {
  return upstream.healthCheck?.initial === "probe";
}

function timeoutOf({ upstream }: PlacedBackend): number {
  return upstream.healthCheck?.timeoutMs ?? 0;
}

/** Checks of backends that are well take less. */
const GRACE_MS = 250;
const MAX_HOLD_MS = 5000;
