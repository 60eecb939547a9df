import type { RetryConfig } from "../config/types.ts";
import type { BackendSpec, Lease } from "../core/types.ts";
import { seededRandom } from "../ds/seeded_random.ts";
import { TimeHeap } from "../ds/time_heap.ts";
import { RetryBudget } from "../limit/retry_budget.ts";
import { decideRetry, retryDelayMs } from "../proxy/retry.ts";
import type { Refusal, WaitingRoom } from "../proxy/waiting_room.ts";
import type { UpstreamPolicy } from "../upstream/build_upstream.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";
import type { ArrivalSource } from "./arrivals.ts";
import { Containment } from "./containment.ts";
import { afterSpans, type Fault, type Span, spansOf } from "./fault.ts";
import { RequestPool } from "./request_pool.ts";
import { type ErrorKind, RunMeter } from "./run_meter.ts";
import { ANSWERED, FAILED_FAST, ServerFarm } from "./server_farm.ts";
import { failureOf, outcomeOf, settle, SUCCESS } from "./settle.ts";
import { type SimulatedCheck, SimulatedChecks } from "./simulated_checks.ts";
import { SimulatedGuards } from "./simulated_guards.ts";
import {
  type SimulatedUpstream,
  simulatedUpstream,
  type SimulatedUpstreamOptions,
} from "./simulated_upstream.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** What contains failures beside checks; see {@linkcode UpstreamPolicy}. */
type GuardPolicy = Pick<UpstreamPolicy, "circuitBreaker" | "outlierDetection" | "panicThreshold">;

/** Everything that one run is made of. */
export interface RunOptions
  extends
    Pick<SimulatedUpstreamOptions, "maxConnections" | "adaptiveLimit" | "queue">,
    GuardPolicy {
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
const TIMER_EXPIRES = 2;

/**
 * Runs one algorithm over simulated servers in virtual time.
 *
 * What decides is the code that carries traffic: balancer, upstream, shared tables, health detector,
 * circuit breakers, outlier detection, limits and queue, retry rules and retry budget. Simulated are
 * arrivals, servers, checks and the clock.
 */
export class Engine {
  readonly meter: RunMeter;
  readonly containment: Containment;
  readonly #options: RunOptions;
  readonly #events = new TimeHeap();
  readonly #clock = new VirtualClock((atMs, timer) => {
    this.#events.push(atMs, timer << 2 | TIMER_EXPIRES);
  });
  readonly #requests = new RequestPool();
  readonly #farm: ServerFarm;
  readonly #upstream: BalancedUpstream;
  readonly #room: WaitingRoom | undefined;
  readonly #budget: RetryBudget;
  /** When the balancer stands still. */
  readonly #pauses: readonly Span[];
  readonly #deferred: (() => void)[] = [];
  readonly #backoffRandom: () => number;

  constructor(options: RunOptions) {
    const { backends, durationMs, faults, retry, seed } = options;
    this.#options = options;
    this.meter = new RunMeter(backends.length, durationMs);
    this.containment = new Containment(backends, faults);
    this.#farm = new ServerFarm(options);
    this.#budget = new RetryBudget({ ratio: retry.budget });
    this.#pauses = spansOf(faults.map(({ trouble }) => trouble), "pause");
    this.#backoffRandom = seededRandom(seed ^ 0x6261636b);
    const parts = simulatedUpstream({
      ...options,
      clock: this.#clock,
      defer: (work) => void this.#deferred.push(work),
    });
    this.#upstream = parts.upstream;
    this.#room = parts.room;
    this.#startChecks(parts, this.#createGuards(parts));
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
    this.#setTime(this.#events.firstTime);
    const event = this.#events.pop();
    const whom = event >> 2;
    switch (event & 3) {
      case ATTEMPT_ENDS:
        return this.#endAttempt(whom);
      case RETRY_BEGINS:
        return this.#beginAttempt(whom);
      case TIMER_EXPIRES:
        return this.#clock.expire(whom);
    }
  }

  /** What falls due while the balancer stands still happens when it goes on. */
  #setTime(atMs: number): void {
    this.#clock.nowMs = this.#pauses.length === 0 ? atMs : afterSpans(this.#pauses, atMs);
  }

  #handleArrival(arrivalMs: number): void {
    const { arrivals } = this.#options;
    const requests = this.#requests;
    this.#setTime(arrivalMs);
    arrivals.take();
    const slot = requests.take();
    requests.arrivedMs[slot] = arrivalMs;
    requests.serviceMs[slot] = arrivals.serviceMs;
    requests.key[slot] = arrivals.key;
    requests.retries[slot] = 0;
    this.#budget.deposit(this.#nowMs);
    this.#beginAttempt(slot);
  }

  get #nowMs(): number {
    return this.#clock.nowMs;
  }

  #beginAttempt(slot: number): void {
    const room = this.#room;
    const lease = room?.isBusy ? undefined : this.#pick(slot);
    if (lease !== undefined) return this.#start(slot, lease);
    if (room === undefined || !this.#upstream.isFull()) return this.#fail(slot, "no_backend");
    room.queue(() => this.#pick(slot), (result) => this.#endWait(slot, result));
  }

  #pick(slot: number): Lease | undefined {
    const key = this.#requests.key[slot]!;
    const tried = this.#requests.tried[slot];
    // With every backend tried once, a retry goes round again rather than nowhere.
    return this.#upstream.acquire(key, tried) ??
      (tried === undefined ? undefined : this.#upstream.acquire(key));
  }

  #endWait(slot: number, result: Lease | Refusal): void {
    if (result !== "queue_full") this.containment.queued++;
    if (typeof result === "object") return this.#start(slot, result);
    if (result !== "left") this.#fail(slot, result);
  }

  #start(slot: number, lease: Lease): void {
    const requests = this.#requests;
    const server = lease.backend.index;
    this.meter.attempts[server]! += 1;
    this.containment.lastWorkMs[server] = this.#nowMs;
    requests.lease[slot] = lease;
    requests.result[slot] = this.#farm.begin(server, this.#nowMs, requests.serviceMs[slot]!);
    this.#events.push(this.#farm.endMs, slot << 2 | ATTEMPT_ENDS);
  }

  #endAttempt(slot: number): void {
    const requests = this.#requests;
    const lease = requests.lease[slot];
    if (lease === undefined) return;
    const result = requests.result[slot]!;
    if (result !== ANSWERED) return this.#endFailed(slot, lease, result);
    settle(lease, SUCCESS, "well");
    this.meter.answered(this.#nowMs, this.#nowMs - requests.arrivedMs[slot]!);
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
    this.#events.push(this.#nowMs + delayMs, slot << 2 | RETRY_BEGINS);
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
    if (failure === "connect" || this.#budget.tryWithdraw(this.#nowMs)) return true;
    this.meter.retriesDenied++;
    return false;
  }

  #fail(slot: number, kind: ErrorKind): void {
    this.meter.errors[kind]++;
    this.#finish(slot);
  }

  #finish(slot: number): void {
    this.#requests.give(slot);
    this.#options.arrivals.finished?.(this.#nowMs);
  }

  #createGuards({ guards: table, upstream }: SimulatedUpstream): SimulatedGuards | undefined {
    const { circuitBreaker, outlierDetection, panicThreshold = 0, seed } = this.#options;
    const isNeeded = circuitBreaker !== undefined || outlierDetection !== undefined ||
      panicThreshold > 0;
    if (!isNeeded) return undefined;
    const { containment } = this;
    const policy = this.#options;
    return new SimulatedGuards({ policy, table, upstream, clock: this.#clock, containment, seed });
  }

  #startChecks({ table, upstream }: SimulatedUpstream, guards: SimulatedGuards | undefined): void {
    const { backends, check, seed } = this.#options;
    if (check === undefined) return;
    new SimulatedChecks({
      check,
      backends,
      farm: this.#farm,
      clock: this.#clock,
      table,
      seed,
      onChange: (index, available) => {
        upstream.setHealth(backends[index]!.id, available);
        if (available) this.containment.letIn(index, this.#nowMs, "up");
        else this.containment.takenOut(index, this.#nowMs, "down");
      },
      onPass: (index) => guards?.checkPassed(index, check.proof),
    });
  }

  #runDeferred(): void {
    for (const work of this.#deferred.splice(0)) work();
  }
}
