import type { Probe } from "../../lib/health/probe.ts";

/** One check under way. */
export interface PendingProbe {
  readonly signal: AbortSignal;
  pass(): void;
  fail(reason: string | Error): void;
}

/** Probes that the test lets pass or fail; like real ones they fail when they are broken off. */
export class FakeProbes {
  /** Every check that was begun, in order. */
  readonly begun: PendingProbe[] = [];
  underWay = 0;
  mostUnderWay = 0;

  readonly probe: Probe = (_address, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (reason: string | Error) =>
      reject(reason instanceof Error ? reason : new Error(reason));
    this.begun.push({ signal, pass: resolve, fail });
    signal.addEventListener("abort", () => reject(new Error("timed out")));
    this.underWay++;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    return promise.finally(() => this.underWay--);
  };

  /** The check begun last. */
  get last(): PendingProbe {
    const last = this.begun.at(-1);
    if (last === undefined) throw new Error("Cannot find a check: none has begun");
    return last;
  }
}
