import type { Candidate } from "../core/types.ts";
import { type Drawable, WeightedDraw } from "../ds/weighted_draw.ts";
import type { Balancer, BalancerOptions, PickRequest } from "./balancer.ts";

/** Time in which what is known of a server loses all but 1/e of its say (Finagle: 10 s). */
const DECAY_MS = 10_000;
/** What a failure counts as at least, or a server that fails fast would look like the best. */
const FAILURE_MS = 5000;
/** Stands for any server's latency until there is a sample. All are equal then; any value would do. */
const DEFAULT_MS = 30;
/** Step of the running median: ten times the latency is believed after 48 samples. */
const MEDIAN_STEP = 1.05;
/**
 * An estimate keeps to the last peak, so estimates of equal servers differ by the spread of their
 * latencies. An idle server has to be this much slower to lose to another idle one; otherwise idle
 * servers would not share by weight.
 */
const IDLE_MARGIN = 2;
/** Below this, differences between idle servers come from the event loop. */
const IDLE_FLOOR_MS = 2;

/**
 * The better of two servers drawn by weight, by latency and work in flight: the cost of one more is
 * `estimate × (in flight + 1) / weight` (Finagle and tower, peak EWMA).
 *
 * The estimate takes a peak at once and comes down with the time constant {@linkcode DECAY_MS}. As
 * long as no samples come, what is read of it moves towards the median of all latencies: an old
 * estimate is worth no more than none. (Finagle lets it fall to zero, at each read: then frequent
 * reads leave new samples no weight, and a server that stopped answering looks ever better.)
 *
 * A server without a sample for {@linkcode DECAY_MS} and with nothing in flight is given one piece of
 * work on trial, and the sample that follows replaces the estimate. So neither one slow answer nor a
 * time of failures shuts a server out, and a server that fails costs one piece of work per time and
 * thread. Each thread keeps its own estimates.
 */
export class PeakEwma<T extends Candidate> implements Balancer<T> {
  readonly #now: () => number;
  readonly #members: WeightedDraw<T, Track<T>>;
  /** Also of servers that are away: a blip of health is no reason to forget. */
  readonly #tracks = new WeakMap<T, Track<T>>();
  /** Running median of the latencies of what passed; `undefined` until there was one. */
  #medianMs: number | undefined;

  constructor(options: Pick<BalancerOptions, "random" | "now">) {
    this.#now = options.now;
    this.#members = new WeightedDraw(options.random);
  }

  add(candidate: T): void {
    let track = this.#tracks.get(candidate);
    if (track === undefined) {
      track = createTrack(candidate);
      this.#tracks.set(candidate, track);
    }
    this.#members.add(track);
  }

  remove(candidate: T): void {
    const track = this.#tracks.get(candidate);
    if (track !== undefined) this.#members.remove(track);
  }

  weightChanged(): void {
    this.#members.weightsChanged();
  }

  observe(candidate: T, latencyMs: number, passed: boolean): void {
    const track = this.#tracks.get(candidate);
    if (track === undefined) return;
    if (passed) this.#countIn(latencyMs);
    const nowMs = this.#now();
    const sampleMs = passed ? latencyMs : Math.max(latencyMs, FAILURE_MS);
    const ageMs = nowMs - track.sampledAtMs;
    const isStale = ageMs > DECAY_MS;
    if (isStale || sampleMs > track.estimateMs) track.estimateMs = sampleMs;
    else track.estimateMs += (sampleMs - track.estimateMs) * (1 - Math.exp(-ageMs / DECAY_MS));
    track.sampledAtMs = nowMs;
    track.trialDueMs = nowMs + DECAY_MS;
  }

  pick(request: PickRequest<T>): T | undefined {
    const first = this.#members.draw(request);
    if (first === undefined) return undefined;
    const second = this.#members.draw(request, first);
    const nowMs = this.#now();
    const chosen = second !== undefined && this.#isBetter(second, first, nowMs) ? second : first;
    // One trial at a time, even if the work should end without a sample.
    if (nowMs > chosen.trialDueMs) chosen.trialDueMs = nowMs + DECAY_MS;
    return chosen.candidate;
  }

  /** Whether the server drawn second is to have the work. */
  #isBetter(second: Track<T>, first: Track<T>, nowMs: number): boolean {
    const { load: firstLoad, weight: firstWeight } = first.candidate;
    if (firstLoad === 0 && nowMs > first.trialDueMs) return false;
    const { load: secondLoad, weight: secondWeight } = second.candidate;
    if (secondLoad === 0 && nowMs > second.trialDueMs) return true;
    const firstMs = this.#latencyOf(first, nowMs);
    const secondMs = this.#latencyOf(second, nowMs);
    if (firstLoad === 0 && secondLoad === 0) {
      return Math.max(secondMs, IDLE_FLOOR_MS) * IDLE_MARGIN < Math.max(firstMs, IDLE_FLOOR_MS);
    }
    // An idle server counts with the greater weight, or a light one would lose to a heavy busy one.
    const most = Math.max(firstWeight, secondWeight);
    const firstCost = firstMs * (firstLoad + 1) / (firstLoad === 0 ? most : firstWeight);
    const secondCost = secondMs * (secondLoad + 1) / (secondLoad === 0 ? most : secondWeight);
    return secondCost < firstCost;
  }

  /** What is believed of it now. */
  #latencyOf(track: Track<T>, nowMs: number): number {
    const medianMs = this.#medianMs ?? DEFAULT_MS;
    const step = (nowMs - track.sampledAtMs) * STEPS_PER_MS;
    // Also where there was no sample ever: the step is infinite.
    if (!(step < FADING.length)) return medianMs;
    return medianMs + (track.estimateMs - medianMs) * (FADING[Math.floor(step)] ?? 0);
  }

  /** Moves the median. Unlike a mean, it does not follow the few very slow ones. */
  #countIn(latencyMs: number): void {
    const medianMs = this.#medianMs;
    if (medianMs === undefined) this.#medianMs = Math.max(latencyMs, LEAST_MS);
    else if (latencyMs > medianMs) this.#medianMs = medianMs * MEDIAN_STEP;
    else this.#medianMs = Math.max(medianMs / MEDIAN_STEP, LEAST_MS);
  }
}

/** What is known of a server. */
interface Track<T extends Candidate> extends Drawable<T> {
  estimateMs: number;
  sampledAtMs: number;
  /** From when on a pick while it is idle is a trial. */
  trialDueMs: number;
}

function createTrack<T extends Candidate>(candidate: T): Track<T> {
  return { candidate, place: -1, estimateMs: 0, sampledAtMs: -Infinity, trialDueMs: -Infinity };
}

/** A median of zero could never grow again. */
const LEAST_MS = 0.01;

/** `exp(-age / DECAY_MS)` in steps of 1/128, to 0.8 %: two calls of `exp` would double a pick's cost. */
const STEPS_PER_MS = 128 / DECAY_MS;
const FADING = Float64Array.from({ length: 1024 }, (_, step) => Math.exp(-step / 128));
