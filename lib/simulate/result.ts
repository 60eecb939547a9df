import type { Change, Containment, Detection } from "./containment.ts";
import { Engine } from "./engine.ts";
import { keysMoved } from "./keys_moved.ts";
import { createArrivals, isMeantToWork, type Plan } from "./plan.ts";
import { ERROR_KINDS, type ErrorKind } from "./run_meter.ts";

/** What one algorithm made of a plan. Plain data, as `--format json` prints it. */
export interface AlgorithmResult {
  readonly algorithm: string;
  /** Answered or failed. */
  readonly requests: number;
  /** Most attempts on a backend for its weight, over the mean of all; backups do not count. */
  readonly imbalance: number;
  /** Share of all attempts on each backend, 0 to 1, in the order of the backends. */
  readonly shares: readonly number[];
  /** Of the requests that were answered. `null`: there was none. */
  readonly latencyMs: Readonly<Record<LatencyFigure, number | null>>;
  readonly errors: Readonly<Record<ErrorKind | "total", number>>;
  readonly retries: number;
  /** Retries that the budget did not allow. */
  readonly retriesDenied: number;
  /** Ejections by outlier detection, openings of circuits, and times of panic. */
  readonly ejections: number;
  readonly openings: number;
  readonly panics: number;
  /** Requests that waited for a backend to have less work. */
  readonly queued: number;
  /** Requests turned away because the queue was full, or after a wait in vain; errors too. */
  readonly refused: number;
  /** One for each fault of a backend, in their order. */
  readonly detections: readonly Detection[];
  /** When backends were taken out and let in again; the first thousand times. */
  readonly changes: readonly Change[];
  /** See `keysMoved`; `null` for algorithms that do not go by key. */
  readonly keysMoved: number | null;
  /** 99th percentile of the latency in each sixtieth of the run; `null` where nothing was answered. */
  readonly courseP99Ms: readonly (number | null)[];
}

export type LatencyFigure = "mean" | "p50" | "p99" | "p999" | "max";

/** How many keys are asked after. */
const MOST_KEYS = 10_000;

/** Runs one algorithm over a plan. */
export function runAlgorithm(plan: Plan, algorithm: string): AlgorithmResult {
  const engine = new Engine({ ...plan, algorithm, arrivals: createArrivals(plan) });
  engine.run();
  const { meter, containment } = engine;
  const { latency, attempts } = meter;
  const errorCount = ERROR_KINDS.reduce((sum, kind) => sum + meter.errors[kind], 0);
  const attemptCount = attempts.reduce((sum, count) => sum + count, 0);
  const moved = keysMoved({ ...plan, algorithm, keys: MOST_KEYS });
  return {
    algorithm,
    requests: latency.count + errorCount,
    imbalance: rounded(imbalanceOf(attempts, plan)),
    shares: Array.from(attempts, (count) => rounded(count / Math.max(1, attemptCount), 6)),
    latencyMs: {
      mean: orNull(latency.mean),
      p50: orNull(latency.quantile(0.5)),
      p99: orNull(latency.quantile(0.99)),
      p999: orNull(latency.quantile(0.999)),
      max: orNull(latency.max),
    },
    errors: { total: errorCount, ...meter.errors },
    retries: meter.retries,
    retriesDenied: meter.retriesDenied,
    ...countsOf(containment),
    refused: meter.errors.queue_full + meter.errors.queue_timeout,
    keysMoved: moved === undefined ? null : rounded(moved, 6),
    courseP99Ms: meter.course().map(orNull),
  };
}

function countsOf({ ejections, openings, panics, queued, detections, changes }: Containment) {
  return {
    ejections,
    openings,
    panics,
    queued,
    detections: detections.map(({ backend, fromMs, foundMs }) => {
      return {
        backend,
        fromMs: rounded(fromMs),
        foundMs: foundMs === null ? null : rounded(foundMs),
      };
    }),
    changes: changes.map(({ atMs, ...change }) => ({ atMs: rounded(atMs), ...change })),
  };
}

function imbalanceOf(attempts: Float64Array, { backends }: Plan): number {
  let most = 0;
  let sum = 0;
  let count = 0;
  for (const [index, backend] of backends.entries()) {
    if (!isMeantToWork(backend)) continue;
    const perWeight = attempts[index]! / backend.weight;
    most = Math.max(most, perWeight);
    sum += perWeight;
    count++;
  }
  return sum === 0 ? 1 : most * count / sum;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? rounded(value) : null;
}

/** Digits beyond these are noise, and make long files. */
function rounded(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
