import { TimeHeap } from "../../lib/ds/time_heap.ts";
import type { Limit } from "../../lib/limit/limit.ts";
import { seededRandom } from "./seeded_random.ts";

/** A backend that loses most of its slots, under a load that goes on. Times in milliseconds. */
export interface LimitPlan {
  readonly slots: number;
  /** Slots from `degradeMs` on. */
  readonly degradedSlots: number;
  readonly meanServiceMs: number;
  readonly ratePerS: number;
  readonly degradeMs: number;
  readonly endMs: number;
  /** Answers after this time are worth nothing, and count as dropped. */
  readonly timeoutMs: number;
}

/** One answer. */
export interface Answered {
  readonly atMs: number;
  readonly latencyMs: number;
}

/** A loss of nine slots in ten: what a limit can help against, unlike slower work. */
export const TENFOLD: LimitPlan = {
  slots: 50,
  degradedSlots: 5,
  meanServiceMs: 10,
  ratePerS: 3500,
  degradeMs: 20_000,
  endMs: 80_000,
  timeoutMs: 5000,
};

const ARRIVAL = 0x7fff_ffff;

/** Runs a plan with as many requests at the backend as `limit` says; more are turned away. */
export function simulateLimit(limit: Limit, plan: LimitPlan): Answered[] {
  const random = seededRandom(7);
  const exponential = (mean: number) => -mean * Math.log(1 - random());
  const events = new TimeHeap();
  const startedMs: number[] = [];
  const queue: number[] = [];
  const answered: Answered[] = [];
  let [queueAt, busy, inFlight] = [0, 0, 0];
  events.push(0, ARRIVAL);
  for (;;) {
    const nowMs = events.firstTime;
    if (nowMs > plan.endMs) return answered;
    const event = events.pop()!;
    const slots = nowMs < plan.degradeMs ? plan.slots : plan.degradedSlots;
    if (event === ARRIVAL) {
      events.push(nowMs + exponential(1000 / plan.ratePerS), ARRIVAL);
      if (inFlight < Math.max(1, Math.floor(limit.current))) {
        inFlight++;
        queue.push(startedMs.push(nowMs) - 1);
      }
    } else {
      busy--;
      const rttMs = nowMs - startedMs[event]!;
      const dropped = rttMs > plan.timeoutMs;
      limit.onSample({ rttMs, inFlight, dropped, nowMs });
      inFlight--;
      if (!dropped) answered.push({ atMs: nowMs, latencyMs: rttMs });
    }
    while (busy < slots && queueAt < queue.length) {
      busy++;
      events.push(nowMs + exponential(plan.meanServiceMs), queue[queueAt++]!);
    }
  }
}

/** A limit that stays as it is. */
export function fixedLimit(current: number): Limit {
  return { current, onSample: () => {} };
}

/** The 99th percentile of the latency of answers from `fromMs` to `toMs`. */
export function p99(answered: readonly Answered[], fromMs: number, toMs: number): number {
  const times = answered.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    .map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? Infinity;
}

/** Answers a second within `latencyMs`. */
export function goodput(
  answered: readonly Answered[],
  { fromMs, toMs, withinMs }: { fromMs: number; toMs: number; withinMs: number },
): number {
  const good = answered.filter(({ atMs, latencyMs }) =>
    atMs >= fromMs && atMs < toMs && latencyMs <= withinMs
  );
  return good.length / (toMs - fromMs) * 1000;
}
