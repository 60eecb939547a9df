import {
  ALGORITHM_ALIASES,
  ALGORITHMS,
  DECORATORS,
  resolveAlgorithm,
} from "../balancer/registry.ts";
import type { RetryConfig, UpstreamConfig } from "../config/types.ts";
import { nearest } from "../core/suggest.ts";
import type { BackendSpec } from "../core/types.ts";
import type { ArrivalLimit } from "../simulate/arrivals.ts";
import type { Fault } from "../simulate/fault.ts";
import { type FaultContext, parseFault } from "../simulate/parse_fault.ts";
import type { Load, Plan } from "../simulate/plan.ts";
import type { SimulatedCheck } from "../simulate/simulated_checks.ts";
import { type Scenario, SCENARIOS } from "../simulate/scenarios.ts";
import { durationFlag, numberFlag, numbersFlag, textFlag } from "./flag_readers.ts";
import { type FlagValues, UsageError } from "./flags.ts";
import { readLoad } from "./simulate_load.ts";

/** What the flags come to, with `upstream` from a configuration if there is one. @throws {UsageError} */
export function readPlan(
  flags: FlagValues,
  upstream: UpstreamConfig | undefined,
  zone?: string,
): Plan {
  refuseSenseless(flags);
  const scenarioName = textFlag(flags, "scenario") ?? "steady";
  const scenario = SCENARIOS[scenarioName] ?? { summary: "", faults: () => [] };
  const backends = upstream?.backends ?? madeUpBackends(flags, scenario);
  const speeds = readSpeeds(flags, backends);
  const concurrency = numberFlag(flags, "concurrency", { min: 1, max: 1000, whole: true }) ?? 1;
  refuseUnusedKeys(flags, scenarioName, scenario);
  const limit = readLimit(flags);
  const load = readLoad(flags, { backends, speeds, concurrency, scenario, limit });
  const durationMs = expectedDurationMs(load, limit);
  const faultTexts = readFaultTexts(flags, scenario, backends.length);
  const algorithms = readAlgorithms(flags, upstream);
  refuseUselessBound(flags, algorithms);
  const check = readCheck(flags, upstream);
  return {
    algorithms,
    scenario: scenarioName,
    backends,
    ...readPolicy(flags, upstream),
    ...readContainment(upstream),
    ...(zone === undefined ? {} : { zone }),
    speeds,
    concurrency,
    timeoutMs: upstream?.responseTimeoutMs ?? 60_000,
    faultTexts,
    faults: faultTexts.flatMap((text) =>
      readFault(text, { backends: backends.length, durationMs })
    ),
    ...(check === undefined ? {} : { check }),
    retry: upstream?.retry ?? DEFAULT_RETRY,
    seed: numberFlag(flags, "seed", { min: 0, max: 2 ** 32 - 1, whole: true }) ?? 1,
    durationMs,
    load,
    limit,
  };
}

/** As a configuration has them that says nothing about retries. */
const DEFAULT_RETRY: RetryConfig = {
  attempts: 2,
  on: ["connect", "reset", "timeout", "status_502", "status_503", "status_504"],
  budget: 0.2,
};

/** A flag beside which others mean nothing. */
const WITHOUT: Readonly<Record<string, readonly string[]>> = {
  config: ["backends", "weights"],
  rate: ["load"],
  replay: [
    ..."arrivals load rate clients think service distribution shape keys zipf".split(" "),
  ],
};

/** A flag that means something only beside another. */
const NEEDS: Readonly<Record<string, string>> = { upstream: "config", key: "replay" };

function refuseSenseless(flags: FlagValues): void {
  for (const [name, others] of Object.entries(WITHOUT)) {
    const other = others.find((word) => flags[word] !== undefined);
    if (flags[name] !== undefined && other !== undefined) {
      throw new UsageError(`--${other} has no meaning beside --${name}`);
    }
  }
  for (const [name, other] of Object.entries(NEEDS)) {
    if (flags[name] !== undefined && flags[other] === undefined) {
      throw new UsageError(`--${name} has no meaning without --${other}`);
    }
  }
  const isClosed = flags["arrivals"] === "closed";
  const stray = (isClosed ? ["rate", "load"] : ["clients", "think"])
    .find((name) => flags[name] !== undefined);
  if (stray === undefined) return;
  throw new UsageError(
    `--${stray} has no meaning ${isClosed ? "beside" : "without"} --arrivals closed`,
  );
}

/** A log has its own keys. */
function refuseUnusedKeys(flags: FlagValues, name: string, { zipf }: Scenario): void {
  if (zipf === undefined || flags["replay"] === undefined) return;
  throw new UsageError(`--scenario ${name} has no meaning beside --replay`);
}

function refuseUselessBound(flags: FlagValues, algorithms: readonly string[]): void {
  const bases = DECORATORS["bounded_load"]?.bases ?? [];
  const isBound = (name: string) => bases.includes(ALGORITHMS[name]!.basis);
  if (flags["bounded-load"] === undefined || algorithms.some(isBound)) return;
  const names = Object.keys(ALGORITHMS).filter(isBound).join(", ");
  throw new UsageError(`--bounded-load has no meaning without one of ${names}`);
}

function madeUpBackends(flags: FlagValues, { backends: usual = 10 }: Scenario): BackendSpec[] {
  const weights = numbersFlag(flags, "weights", { min: 0, max: 65_535, whole: true }) ?? [1];
  const asked = numberFlag(flags, "backends", { min: 1, max: 100_000, whole: true });
  const count = asked ?? (flags["weights"] === undefined ? usual : weights.length);
  const backends = Array.from({ length: count }, (_, index): BackendSpec => ({
    id: `backend-${index}`,
    address: { kind: "tcp", hostname: "127.0.0.1", port: 80 },
    weight: weights[index % weights.length] ?? 1,
  }));
  if (backends.some(({ weight }) => weight > 0)) return backends;
  throw new UsageError("--weights must not all be 0");
}

/** A machine that is given more work is taken to be able to do more. */
function readSpeeds(flags: FlagValues, backends: readonly BackendSpec[]): number[] {
  const given = numbersFlag(flags, "speeds", { min: 0.001, max: 1000 });
  if (given !== undefined) return backends.map((_, index) => given[index % given.length] ?? 1);
  const weights = backends.map(({ weight }) => weight).filter((weight) => weight > 0);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return backends.map(({ weight }) => weight > 0 ? weight / mean : 1);
}

function readLimit(flags: FlagValues): ArrivalLimit {
  const durationMs = durationFlag(flags, "duration", { minMs: 1 });
  const usual = durationMs === undefined && flags["replay"] === undefined ? 100_000 : Infinity;
  return {
    requests: numberFlag(flags, "requests", { min: 1, max: 1e9, whole: true }) ?? usual,
    durationMs: durationMs ?? Infinity,
  };
}

/** How long requests will arrive, as far as that can be said before. */
function expectedDurationMs(load: Load, limit: ArrivalLimit): number {
  if (load.kind === "replay") return Math.max(1, load.summary.durationMs);
  const gapMs = load.kind === "closed"
    ? (load.thinkMs + load.service.meanMs) / load.clients
    : 1000 / load.ratePerS;
  return Math.min(limit.durationMs, limit.requests * gapMs);
}

function readFaultTexts(flags: FlagValues, scenario: Scenario, backends: number): string[] {
  const given = flags["fault"];
  return [...scenario.faults(backends), ...(Array.isArray(given) ? given : [])];
}

function readFault(text: string, context: FaultContext): Fault[] {
  try {
    return parseFault(text, context);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`--fault "${text}" ${error.message}`);
  }
}

function readCheck(
  flags: FlagValues,
  upstream: UpstreamConfig | undefined,
): SimulatedCheck | undefined {
  const configured = upstream?.healthCheck;
  const { intervalMs: usualMs, ...usual } = checkOf(upstream);
  const intervalMs = durationFlag(flags, "check-interval", { minMs: 0 }) ?? usualMs;
  const range = { min: 1, max: 1000, whole: true } as const;
  const rise = numberFlag(flags, "rise", range) ?? usual.rise;
  const fall = numberFlag(flags, "fall", range) ?? usual.fall;
  if (intervalMs === 0) return undefined;
  const fastIntervalMs = Math.min(intervalMs, configured?.fastIntervalMs ?? Infinity);
  return { ...usual, intervalMs, fastIntervalMs, rise, fall };
}

/** The checks of a configuration; without one, made-up ones. */
function checkOf(upstream: UpstreamConfig | undefined): Omit<SimulatedCheck, "fastIntervalMs"> {
  const check = upstream?.healthCheck;
  if (check === undefined) return { ...USUAL_CHECK, intervalMs: upstream === undefined ? 2000 : 0 };
  const { probe, detector, intervalMs, timeoutMs, rise, fall, initial } = check;
  const proof = probe.type === "tcp" ? "connection" : "answer";
  return { detector, intervalMs, timeoutMs, rise, fall, initial, proof };
}

const USUAL_CHECK = {
  detector: { kind: "threshold" },
  timeoutMs: 1000,
  rise: 2,
  fall: 3,
  initial: "probe",
  proof: "answer",
} as const;

/** What contains failures; that is for a configuration to say. */
function readContainment(
  upstream: UpstreamConfig | undefined,
): Pick<
  Plan,
  | "circuitBreaker"
  | "outlierDetection"
  | "panicThreshold"
  | "maxConnections"
  | "adaptiveLimit"
  | "queue"
> {
  if (upstream === undefined) return {};
  const { circuitBreaker, outlierDetection, panicThreshold, maxConnections } = upstream;
  const { concurrency, queue } = upstream;
  return {
    ...(circuitBreaker && { circuitBreaker }),
    ...(outlierDetection && { outlierDetection }),
    ...(panicThreshold === undefined ? {} : { panicThreshold }),
    ...(maxConnections && { maxConnections }),
    ...(concurrency && { adaptiveLimit: concurrency }),
    queue,
  };
}

function readPolicy(
  flags: FlagValues,
  upstream: UpstreamConfig | undefined,
): Pick<Plan, "boundedLoad" | "slowStartMs"> {
  const boundedLoad = numberFlag(flags, "bounded-load", { min: 1.01, max: 100 }) ??
    upstream?.boundedLoad;
  return {
    slowStartMs: durationFlag(flags, "slow-start", { minMs: 0 }) ?? upstream?.slowStartMs ?? 0,
    ...(boundedLoad === undefined ? {} : { boundedLoad }),
  };
}

function readAlgorithms(flags: FlagValues, upstream: UpstreamConfig | undefined): string[] {
  const all = Object.keys(ALGORITHMS);
  const text = textFlag(flags, "algorithm") ?? upstream?.algorithm ?? "all";
  if (text === "all") return all;
  const names = text.split(",").map((name) => resolveAlgorithm(name) ?? explain(name, all));
  return [...new Set(names)];
}

function explain(name: string, all: readonly string[]): never {
  const near = nearest(name, [...all, ...Object.keys(ALGORITHM_ALIASES), "all"]);
  const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
  const wanted = `all or one of ${all.join(", ")}`;
  throw new UsageError(`--algorithm must be ${wanted}${hint}: current value is "${name}"`);
}
