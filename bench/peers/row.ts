import { type Mode, type Running, type Setting, startSubject, type Subject } from "./subjects.ts";

/** What a figure has to reach. */
export interface Goal {
  /** Against HAProxy in the same round, or by itself. */
  readonly kind: "ratio" | "absolute";
  readonly most: number;
}

/** One number that a row yields. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly digits: number;
  readonly goal?: Goal;
}

/** What one measurement found: a value per figure of its row. */
export interface Sample {
  readonly values: Readonly<Record<string, number>>;
  /** Wrong answers, lost requests, socket errors: each a sentence. */
  readonly failures: readonly string[];
}

/** One kind of work. */
export interface Row {
  readonly id: string;
  /** What the subjects balance. */
  readonly mode: Mode;
  readonly figures: readonly Figure[];
  /** Rounds that the median needs, when more than the usual. */
  readonly minRounds?: number;
  measure(contestant: Contestant): Promise<Sample>;
}

/** A subject in the middle of a round. */
export interface Contestant {
  readonly subject: Subject;
  readonly setting: Setting;
  /** How long to measure. */
  readonly seconds: number;
  /** The subject as it runs over all rounds, warm. */
  running(): Promise<Running>;
}

/** Starts its subject when that is first needed. */
export function contestantOf(subject: Subject, setting: Setting, seconds: number): Contestant {
  let warm: Promise<Running> | undefined;
  const running = () => warm ??= startSubject(subject, setting);
  return { subject, setting, seconds, running };
}

/** The figures of work that is counted in requests. */
export function requestFigures(work: string, goal: Goal): Row["figures"] {
  return [
    { id: "cpu", title: `${work}, CPU µs per request`, digits: 1, goal },
    { id: "rate", title: `${work}, requests per second`, digits: 0 },
  ];
}
