import type { LbErrorCode } from "../core/errors.ts";
import type { Backend } from "../core/types.ts";

/** How a backend did its work. */
export interface WorkResult {
  /** False for an answer that says the backend failed, and for no answer. */
  readonly passed: boolean;
  /**
   * From the start of the attempt to the first byte of the answer, or to the failure; 0 where nobody
   * goes by it.
   */
  readonly latencyMs: number;
  /** The moment of that end, monotonic milliseconds; 0 where nobody goes by it. */
  readonly atMs: number;
  /** Why there was no answer; absent when there was one. */
  readonly code?: LbErrorCode | undefined;
  /** Of an HTTP answer. */
  readonly status?: number | undefined;
}

/** One piece of work on its way through the gates, with what the guards note about it. */
export class Pass {
  /** Of the guard's state at the start: work of another era says nothing any more. */
  era = -1;
  isTrial = false;
  isCounted = false;
  hasFailed = false;
}

/**
 * Says which backends may get work just now, beside their health: breakers, ejections, limits. State
 * that must be exact over all threads is in shared memory.
 */
export interface Gate {
  /** It holds backends off because they have work enough: waiting for the end of some helps. */
  readonly isCapacity?: boolean;
  /** It goes by how long work takes: only then is a clock read for it. */
  readonly isTimed?: boolean;
  /** One word for what it holds backends off by, for people; absent where `refusal` has one. */
  readonly holdsBy?: string;
  /** Asked for each candidate of each pick: pure, and a few nanoseconds. */
  admits(backend: Backend): boolean;
  /**
   * Takes the right to one piece of work on a backend that was picked. False when another thread was
   * faster; then nothing has been taken.
   */
  enter(backend: Backend, pass: Pass): boolean;
  /**
   * Told how the backend did, as soon as that is known: at the first byte of its answer, and again if
   * it fails after that. Not told of work that ends for reasons that say nothing about the backend.
   */
  observe?(backend: Backend, result: WorkResult, pass: Pass): void;
  /**
   * Told once that the backend did something of use: bytes of an answer that is no failure went to
   * the client, or the work ended well. A connection that could be made proves nothing yet.
   */
  prove?(backend: Backend, pass: Pass): void;
  /** The work is over: gives back what `enter` took, exactly once. */
  leave(backend: Backend, pass: Pass): void;
  /** In one word, why a backend that is not admitted is held off; for clients and logs. */
  refusal?(backend: Backend): string | undefined;
}

/** Several gates as one: who is to get work has to be admitted by all. */
export class Gates implements Gate {
  readonly isTimed: boolean;
  readonly #gates: readonly Gate[];

  constructor(gates: readonly Gate[]) {
    this.#gates = gates;
    this.isTimed = gates.some((gate) => gate.isTimed === true);
  }

  admits(backend: Backend): boolean {
    for (const gate of this.#gates) if (!gate.admits(backend)) return false;
    return true;
  }

  /** All would admit it, but for those that have to do with how much work it has. */
  admitsOnceFree(backend: Backend): boolean {
    return this.#gates.every((gate) => gate.isCapacity === true || gate.admits(backend));
  }

  enter(backend: Backend, pass: Pass): boolean {
    for (let place = 0; place < this.#gates.length; place++) {
      if (this.#gates[place]!.enter(backend, pass)) continue;
      for (const entered of this.#gates.slice(0, place)) entered.leave(backend, pass);
      return false;
    }
    return true;
  }

  observe(backend: Backend, result: WorkResult, pass: Pass): void {
    for (const gate of this.#gates) gate.observe?.(backend, result, pass);
  }

  prove(backend: Backend, pass: Pass): void {
    for (const gate of this.#gates) gate.prove?.(backend, pass);
  }

  leave(backend: Backend, pass: Pass): void {
    for (const gate of this.#gates) gate.leave(backend, pass);
  }

  refusal(backend: Backend): string | undefined {
    for (const gate of this.#gates) {
      if (!gate.admits(backend)) return gate.refusal?.(backend);
    }
    return undefined;
  }

  /** One word for what holds a backend off, for people; `undefined` when nothing does. */
  holdsOff(backend: Backend): string | undefined {
    const gate = this.#gates.find((gate) => !gate.admits(backend));
    return gate && (gate.refusal?.(backend) ?? gate.holdsBy ?? "held_off");
  }
}
