import { CircuitBreaker } from "../../lib/breaker/circuit_breaker.ts";
import type { BreakerPolicy } from "../../lib/breaker/policy.ts";
import { GuardTable } from "../../lib/core/guard_table.ts";
import { LbError } from "../../lib/core/errors.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { seededRandom } from "../../lib/ds/seeded_random.ts";
import { OutlierDetector } from "../../lib/health/outlier.ts";
import type { OutlierPolicy } from "../../lib/health/outlier_policy.ts";
import { SharedBackend } from "../../lib/upstream/backend.ts";
import { buildUpstream } from "../../lib/upstream/build_upstream.ts";
import type { BalancedUpstream } from "../../lib/upstream/upstream.ts";
import { specOf } from "./upstreams.ts";

/** How one attempt on a backend ends. */
export type Ending = "good" | "500" | "502" | "refused" | "reset" | "late" | "client";

/** What a farm is made of. */
export interface GuardedFarmOptions {
  readonly backends: number;
  readonly breaker?: BreakerPolicy;
  readonly outlier?: OutlierPolicy;
  readonly panicThreshold?: number;
  readonly slowStartMs?: number;
  readonly seed?: number;
  /** How an attempt on a backend at a time ends. */
  readonly ending: (backend: number, atMs: number, random: () => number) => Ending;
}

/** Guarded backends under load in virtual time; two threads take turns, and time is seen to. */
export class GuardedFarm {
  readonly guards: GuardTable;
  readonly upstreams: readonly BalancedUpstream[];
  /** What happened, as one line each. */
  readonly transcript: string[] = [];
  /** Attempts by backend. */
  readonly attempts: number[];
  /** Acquisitions that found nobody. */
  refused = 0;
  nowMs = 0;
  readonly circuits: readonly CircuitBreaker[];
  readonly outliers: OutlierDetector | undefined;
  readonly #random: () => number;
  readonly #options: GuardedFarmOptions;
  #turn = 0;

  constructor(options: GuardedFarmOptions) {
    const { backends: count, breaker, outlier, seed = 1 } = options;
    this.#options = options;
    this.#random = seededRandom(seed);
    this.attempts = new Array<number>(count).fill(0);
    const shape = { workers: 2, backends: count, upstreams: 1, listeners: 0 };
    this.guards = GuardTable.create(shape);
    const table = SharedTable.create(shape);
    this.upstreams = [0, 1].map((worker) => this.#createUpstream(worker, table));
    const places = Array.from({ length: count }, (_, index) => index);
    this.circuits = breaker === undefined ? [] : places.map((backend) => {
      const random = this.#random;
      return new CircuitBreaker({ policy: breaker, table: this.guards, backend, random });
    });
    this.outliers = outlier && new OutlierDetector(
      { policy: outlier, table: this.guards, upstream: 0, backends: places },
      0,
    );
  }

  /** Runs for `ms` with an attempt each millisecond and a look each hundred. */
  run(ms: number): this {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs++;
      this.attempt();
      if (this.nowMs % 100 === 0) this.look();
    }
    return this;
  }

  /** One attempt by the thread whose turn it is; the backend, if there was one. */
  attempt(): number | undefined {
    const upstream = this.upstreams[this.#turn++ % 2]!;
    using lease = upstream.acquire(0);
    if (lease === undefined) {
      this.refused++;
      return undefined;
    }
    const { index } = lease.backend;
    this.attempts[index]!++;
    end(lease, this.#options.ending(index, this.nowMs, this.#random));
    return index;
  }

  /** What the supervisor does now and then. */
  look(): void {
    for (const [backend, circuit] of this.circuits.entries()) {
      const change = circuit.tick(this.nowMs);
      if (change === undefined) continue;
      const why = change.to === "open" ? ` ${change.reason} ${Math.round(change.openMs)}` : "";
      this.transcript.push(`${this.nowMs} b${backend} ${change.to}${why}`);
      if (change.to === "closed") {
        for (const upstream of this.upstreams) upstream.warmUp(`b${backend}`);
      }
    }
    for (const change of this.outliers?.tick(this.nowMs) ?? []) {
      const time = change.to === "ejected" ? ` ${change.ejectionMs}` : "";
      this.transcript.push(`${this.nowMs} b${change.backend} ${change.to} ${change.reason}${time}`);
      for (const upstream of this.upstreams) upstream.noteEjection(`b${change.backend}`);
    }
  }

  /** Attempts by backend in the next `ms`. */
  shares(ms: number): number[] {
    const before = [...this.attempts];
    this.run(ms);
    return this.attempts.map((count, index) => count - before[index]!);
  }

  #createUpstream(worker: number, table: SharedTable): BalancedUpstream {
    const { backends: count, breaker, outlier, panicThreshold, slowStartMs = 0 } = this.#options;
    const specs = Array.from({ length: count }, (_, index) => specOf(index));
    const upstream = buildUpstream(
      {
        name: "app",
        algorithm: "round_robin",
        backends: specs,
        slowStartMs,
        ...(breaker === undefined ? {} : { circuitBreaker: breaker }),
        ...(outlier === undefined ? {} : { outlierDetection: outlier }),
        ...(panicThreshold === undefined ? {} : { panicThreshold }),
      },
      {
        index: 0,
        table,
        guards: this.guards,
        worker,
        random: this.#random,
        now: () => this.nowMs,
        coarse: () => this.nowMs,
        defer: (work) => work(),
        zone: undefined,
      },
    );
    for (const [index, spec] of specs.entries()) {
      upstream.addServer(new SharedBackend(spec, index, table));
    }
    return upstream;
  }
}

/** Ends a lease as the proxies do. */
export function end(lease: ReturnType<BalancedUpstream["acquire"]>, ending: Ending): void {
  switch (ending) {
    case "good":
      lease?.answered(true, 200);
      lease?.toClient(10);
      return lease?.settle({ kind: "success" });
    case "500":
    case "502":
      lease?.answered(false, Number(ending));
      lease?.toClient(10);
      return lease?.settle({ kind: "success" });
    case "client":
      return lease?.settle({ kind: "ignored" });
  }
  const code = CODES[ending];
  // A TCP backend that accepts and resets has answered the call, and no more.
  if (ending === "reset") lease?.answered(true);
  lease?.settle({ kind: "failure", error: new LbError(code, ending, { side: "upstream" }) });
}

const CODES = {
  refused: "connect_refused",
  reset: "upstream_reset",
  late: "upstream_timeout",
} as const;
