import type { RetryConfig } from "../config/types.ts";
import type { BackendSpec, Lease } from "../core/types.ts";
import { seededRandom } from "../ds/seeded_random.ts";
import { TimeHeap } from "../ds/time_heap.ts";
import { Consecutive } from "../health/consecutive.ts";
import { RetryBudget } from "../limit/retry_budget.ts";
import { decideRetry, retryDelayMs } from "../proxy/retry.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";
import type { ArrivalSource } from "./arrivals.ts";
import type { Fault } from "./fault.ts";
import { RequestPool } from "./request_pool.ts";
import { type ErrorKind, RunMeter } from "./run_meter.ts";
import { ANSWERED, FAILED_FAST, ServerFarm } from "./server_farm.ts";
import { simulatedUpstream } from "./simulated_upstream.ts";
import { failureOf, outcomeOf, settle, SUCCESS } from "./settle.ts";

/** How backends are checked; a check is over at once. */
export interface SimulatedCheck {
  /** From one check to the next, before jitter. Milliseconds, above 0. */
  readonly intervalMs: number;
  readonly rise: number;
  readonly fall: number;
}

/** Everything that one run is made of. */
export interface RunOptions {
  /** A canonical name of `lib/balancer/registry.ts`. */
  readonly algorithm: string;
  readonly arrivals: ArrivalSource;
  readonly backends: readonly BackendSpec[];
  /** See {@linkcode UpstreamPolicy}; for algorithms that go by key. */
  readonly boundedLoad?: number;
  /** How long a backend that came back gets less than its share. Milliseconds. */
  readonly slowStartMs: number;
  /** Where Weir is taken to run. */
  readonly zone?: string;
  /** See {@linkcode ServerFarm}. */
  readonly speeds: readonly number[];
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly faults: readonly Fault[];
  /** Absent: nothing is ever taken out. */
  readonly check?: SimulatedCheck;
  readonly retry: RetryConfig;
  readonly seed: number;
  /** How long requests arrive, as far as that is known. Milliseconds. */
  readonly durationMs: number;
}

/** What an event is; an event's number is four times whom it concerns, plus this. */
const ATTEMPT_ENDS = 0;
const RETRY_BEGINS = 1;
const CHECK_RUNS = 2;

/** Share of the interval by which checks are spread to either side, as `lib/health` does it. */
const JITTER = 0.1;

/**
 * Runs one algorithm over simulated servers in virtual time.
 *
 * What decides is the code that carries traffic: balancer, upstream, shared table, health detector,
 * retry rules and retry budget. Simulated are arrivals, servers, checks and the clock.
 */
export class Engine {
  readonly meter: RunMeter;
  /** Virtual milliseconds since the start. */
  nowMs = 0;
  readonly #options: RunOptions;
  readonly #events = new TimeHeap();
  readonly #requests = new RequestPool();
  readonly #farm: ServerFarm;
  readonly #upstream: BalancedUpstream;
  readonly #budget: RetryBudget;
  readonly #detectors: Consecutive[] = [];
  readonly #deferred: (() => void)[] = [];
  readonly #backoffRandom: () => number;
  readonly #checkRandom: () => number;

  constructor(options: RunOptions) {
    const { backends, durationMs, retry, seed } = options;
    this.#options = options;
    this.meter = new RunMeter(backends.length, durationMs);
    this.#farm = new ServerFarm(options);
    this.#budget = new RetryBudget({ ratio: retry.budget });
    this.#backoffRandom = seededRandom(seed ^ 0x6261636b);
    this.#checkRandom = seededRandom(seed ^ 0x63686563);
    this.#upstream = simulatedUpstream({
      ...options,
      now: () => this.nowMs,
      defer: (work) => void this.#deferred.push(work),
    });
    this.#startChecks();
  }

  /** Runs until the last request has come to its end. */
  run(): void {
    const { arrivals } = this.#options;
    const events = this.#events;
    this.#runDeferred();
    for (;;) {
      const arrivalMs = arrivals.atMs;
      if (arrivalMs === Infinity && this.#requests.size === 0) return;
      // At one moment work ends before work begins: who has just become free counts as free.
      if (events.firstTime <= arrivalMs) this.#handleEvent();
      else this.#handleArrival(arrivalMs);
      if (this.#deferred.length > 0) this.#runDeferred();
    }
  }

  #handleEvent(): void {
    this.nowMs = this.#events.firstTime;
    const event = this.#events.pop();
    const whom = event >> 2;
    switch (event & 3) {
      case ATTEMPT_ENDS:
        return this.#endAttempt(whom);
      case RETRY_BEGINS:
        return this.#beginAttempt(whom);
      case CHECK_RUNS:
        return this.#check(whom);
    }
  }

  #handleArrival(arrivalMs: number): void {
    const { arrivals } = this.#options;
    const requests = this.#requests;
    this.nowMs = arrivalMs;
    arrivals.take();
    const slot = requests.take();
    requests.arrivedMs[slot] = arrivalMs;
    requests.serviceMs[slot] = arrivals.serviceMs;
    requests.key[slot] = arrivals.key;
    requests.retries[slot] = 0;
    this.#budget.deposit(arrivalMs);
    this.#beginAttempt(slot);
  }

  #beginAttempt(slot: number): void {
    const requests = this.#requests;
    const key = requests.key[slot]!;
    const tried = requests.tried[slot];
    // With every backend tried once, a retry goes round again rather than nowhere.
    const lease = this.#upstream.acquire(key, tried) ??
      (tried === undefined ? undefined : this.#upstream.acquire(key));
    if (lease === undefined) return this.#fail(slot, "no_backend");
    const server = lease.backend.index;
    this.meter.attempts[server]! += 1;
    requests.lease[slot] = lease;
    requests.result[slot] = this.#farm.begin(server, this.nowMs, requests.serviceMs[slot]!);
    this.#events.push(this.#farm.endMs, slot << 2 | ATTEMPT_ENDS);
  }

  #endAttempt(slot: number): void {
    const requests = this.#requests;
    const lease = requests.lease[slot];
    if (lease === undefined) return;
    const result = requests.result[slot]!;
    if (result !== ANSWERED) return this.#endFailed(slot, lease, result);
    settle(lease, SUCCESS, "well");
    this.meter.answered(this.nowMs, this.nowMs - requests.arrivedMs[slot]!);
    this.#finish(slot);
  }

  /** What `HttpExchange` does with a failed attempt of a request that may be repeated. */
  #endFailed(slot: number, lease: Lease, result: number): void {
    const failure = failureOf(result);
    const isToBeRetried = this.#isToBeRetried(slot, failure);
    // An answer with an error status that is passed on to the client is an answer.
    const isPassedOn = result === FAILED_FAST && !isToBeRetried;
    const answered = typeof failure === "number" ? "badly" : undefined;
    settle(lease, isPassedOn ? SUCCESS : outcomeOf(failure), answered);
    if (!isToBeRetried) return this.#fail(slot, typeof failure === "number" ? "status" : failure);
    this.meter.retries++;
    const requests = this.#requests;
    const attemptNumber = ++requests.retries[slot]!;
    const tried = requests.tried[slot] ??= new Set();
    tried.add(lease.backend);
    const elsewhere = tried.size < this.#upstream.backends.size;
    const step = { failure, attempt: attemptNumber, elsewhere };
    const delayMs = retryDelayMs(step, this.#backoffRandom);
    this.#events.push(this.nowMs + delayMs, slot << 2 | RETRY_BEGINS);
  }

  #isToBeRetried(slot: number, failure: ReturnType<typeof failureOf>): boolean {
    const { retry } = this.#options;
    const decision = decideRetry(failure, {
      wasIdle: false,
      sent: failure !== "connect",
      answered: typeof failure === "number",
      committed: false,
      idempotent: true,
      replayable: true,
      attemptsLeft: retry.attempts - this.#requests.retries[slot]!,
      staleRetries: 0,
      on: retry.on,
      timeLeftMs: Infinity,
    });
    if (decision !== "retry") return false;
    // A connection refused was no load, and is not paid for.
    if (failure === "connect" || this.#budget.tryWithdraw(this.nowMs)) return true;
    this.meter.retriesDenied++;
    return false;
  }

  #fail(slot: number, kind: ErrorKind): void {
    this.meter.errors[kind]++;
    this.#finish(slot);
  }

  #finish(slot: number): void {
    this.#requests.give(slot);
    this.#options.arrivals.finished?.(this.nowMs);
  }

  #startChecks(): void {
    const { backends, check } = this.#options;
    if (check === undefined) return;
    for (const index of backends.keys()) {
      this.#detectors.push(new Consecutive(check));
      this.#events.push(0, index << 2 | CHECK_RUNS);
    }
  }

  #check(index: number): void {
    const { backends, check } = this.#options;
    const detector = this.#detectors[index];
    if (detector === undefined || check === undefined) return;
    const before = detector.isAvailable;
    detector.observe(!this.#farm.isAway(index, this.nowMs));
    if (detector.isAvailable !== before) {
      this.#upstream.setHealth(backends[index]!.id, detector.isAvailable);
    }
    const delayMs = check.intervalMs * (1 + JITTER * (2 * this.#checkRandom() - 1));
    this.#events.push(this.nowMs + delayMs, index << 2 | CHECK_RUNS);
  }

  #runDeferred(): void {
    for (const work of this.#deferred.splice(0)) work();
  }
}
