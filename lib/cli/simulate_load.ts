import { type ArrivalLimit, OPEN_ARRIVALS, type OpenArrivals } from "../simulate/arrivals.ts";
import type { KeyOptions } from "../simulate/keys.ts";
import { capacityPerS, type Load, type Plan } from "../simulate/plan.ts";
import { REPLAY_KEYS, ReplaySource, summarizeLog } from "../simulate/replay.ts";
import type { Scenario } from "../simulate/scenarios.ts";
import { type Distribution, DISTRIBUTIONS, type ServiceTime } from "../simulate/service_time.ts";
import { durationFlag, numberFlag, textFlag } from "./flag_readers.ts";
import { type FlagValues, UsageError } from "./flags.ts";
import { readLines } from "./read_lines.ts";

/** What a load depends on beside its own flags. */
export interface LoadContext extends Pick<Plan, "backends" | "speeds" | "concurrency"> {
  readonly scenario: Scenario;
  readonly limit: ArrivalLimit;
}

/** Where requests come from. Goes through a log that is to be replayed. @throws {UsageError} */
export function readLoad(flags: FlagValues, context: LoadContext): Load {
  const file = textFlag(flags, "replay");
  if (file !== undefined) return readReplay(flags, file, context.limit);
  const service = readService(flags);
  const keys = readKeys(flags, context);
  if (flags["arrivals"] === "closed") {
    const clients = numberFlag(flags, "clients", { min: 1, max: 1e6, whole: true }) ?? 100;
    const thinkMs = durationFlag(flags, "think", { minMs: 0 }) ?? 100;
    return { kind: "closed", clients, thinkMs, service, keys };
  }
  const kind: OpenArrivals = OPEN_ARRIVALS.find((name) => name === flags["arrivals"]) ?? "poisson";
  const load = numberFlag(flags, "load", { min: 0.001, max: 100 }) ?? 0.7;
  const ratePerS = numberFlag(flags, "rate", { min: 0.001, max: 1e9 }) ??
    load * capacityPerS(context, service.meanMs);
  return { kind, ratePerS, service, keys };
}

function readReplay(flags: FlagValues, file: string, limit: ArrivalLimit): Load {
  const keyBy = REPLAY_KEYS.find((name) => name === flags["key"]) ?? "client";
  const summary = summarizeLog(new ReplaySource(readLines(file), keyBy, limit));
  if (summary.requests > 0) {
    return { kind: "replay", file, keyBy, summary, readLines: () => readLines(file) };
  }
  const wanted = "JSON objects with time and duration_ms, one a line";
  throw new UsageError(`--replay must have ${wanted}: there is none in "${file}"`);
}

function readService(flags: FlagValues): ServiceTime {
  const distribution = DISTRIBUTIONS.find((name) => name === flags["distribution"]) ??
    "exponential";
  const meanMs = durationFlag(flags, "service", { minMs: 1 }) ?? 10;
  const range = SHAPES[distribution];
  if (range !== undefined) {
    const shape = numberFlag(flags, "shape", range);
    return { distribution, meanMs, ...(shape === undefined ? {} : { shape }) };
  }
  if (flags["shape"] === undefined) return { distribution, meanMs };
  throw new UsageError(`--shape has no meaning beside --distribution ${distribution}`);
}

const SHAPES: Readonly<Partial<Record<Distribution, { min: number; max: number }>>> = {
  lognormal: { min: 0.01, max: 10 },
  pareto: { min: 1.01, max: 100 },
  bimodal: { min: 1, max: 1e6 },
};

function readKeys(flags: FlagValues, { scenario, backends }: LoadContext): KeyOptions {
  const usual = Math.min(MOST_KEYS, Math.max(10_000, KEYS_PER_BACKEND * backends.length));
  return {
    count: numberFlag(flags, "keys", { min: 1, max: MOST_KEYS, whole: true }) ?? usual,
    zipf: numberFlag(flags, "zipf", { min: 0, max: 10 }) ?? scenario.zipf ?? 0.7,
  };
}

/** With fewer, shares would differ by the luck of the keys rather than by the algorithm. */
const KEYS_PER_BACKEND = 100;
const MOST_KEYS = 1e7;
