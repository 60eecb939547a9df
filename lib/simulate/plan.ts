import type { BackendSpec } from "../core/types.ts";
import { seededRandom } from "../ds/seeded_random.ts";
import {
  type ArrivalLimit,
  type ArrivalSource,
  ClosedSource,
  gaps,
  type OpenArrivals,
  OpenSource,
} from "./arrivals.ts";
import type { RunOptions } from "./engine.ts";
import { type KeyOptions, zipfKeys } from "./keys.ts";
import { type LogSummary, type ReplayKey, ReplaySource } from "./replay.ts";
import { exponential, type ServiceTime, serviceTimes } from "./service_time.ts";

/** Requests that follow a law. */
export interface DrawnLoad {
  readonly service: ServiceTime;
  readonly keys: KeyOptions;
}

/** Where requests come from. */
export type Load =
  /** `ratePerS`: requests a second, on average. */
  | (DrawnLoad & { readonly kind: OpenArrivals; readonly ratePerS: number })
  /** `thinkMs`: between an answer and the next request, on average. */
  | (DrawnLoad & { readonly kind: "closed"; readonly clients: number; readonly thinkMs: number })
  | {
    readonly kind: "replay";
    readonly file: string;
    readonly keyBy: ReplayKey;
    readonly summary: LogSummary;
    /** The lines of the log, from the start each time. */
    readonly readLines: () => Iterable<string>;
  };

/** Everything that is simulated: each algorithm meets exactly this. */
export interface Plan extends Omit<RunOptions, "algorithm" | "arrivals"> {
  readonly algorithms: readonly string[];
  readonly scenario: string;
  /** The faults as they were written. */
  readonly faultTexts: readonly string[];
  readonly load: Load;
  readonly limit: ArrivalLimit;
}

/**
 * The requests of a plan, anew at each call but always the same.
 *
 * Times, service times and keys are drawn from generators of their own, so that what an algorithm
 * does with one request changes nothing about the next (common random numbers). Clients that wait
 * for answers are the exception: when they come back depends on the answers.
 */
export function createArrivals({ load, limit, seed }: Plan): ArrivalSource {
  if (load.kind === "replay") return new ReplaySource(load.readLines(), load.keyBy, limit);
  const gapRandom = seededRandom(seed ^ 0x676170);
  const draws = {
    service: serviceTimes(load.service, seededRandom(seed ^ 0x776f726b)),
    key: zipfKeys(load.keys, seededRandom(seed ^ 0x6b6579)),
  };
  if (load.kind === "closed") {
    const gap = exponential(load.thinkMs, gapRandom);
    return new ClosedSource(load.clients, { ...draws, gap }, limit);
  }
  const gap = gaps(load.kind, 1000 / load.ratePerS, gapRandom);
  return new OpenSource({ ...draws, gap }, limit);
}

/** Requests a second that all who are meant to work can do: none of weight 0, and no backups. */
export function capacityPerS(
  plan: Pick<Plan, "backends" | "speeds" | "concurrency">,
  meanServiceMs: number,
): number {
  const speed = plan.backends.reduce(
    (sum, backend, index) => isMeantToWork(backend) ? sum + (plan.speeds[index] ?? 0) : sum,
    0,
  );
  return speed * plan.concurrency * 1000 / meanServiceMs;
}

/** It has work while everybody is well. */
export function isMeantToWork({ weight, backup }: BackendSpec): boolean {
  return weight > 0 && backup !== true;
}
