import type { GuardTable } from "../core/guard_table.ts";
import type { WorkTotals } from "../core/guard_word.ts";
import {
  findOutliers,
  mostEjected,
  type OutlierPolicy,
  type OutlierReason,
} from "./outlier_policy.ts";

/** What has happened to a backend. */
export type Ejection =
  | {
    readonly backend: number;
    readonly to: "ejected";
    readonly reason: OutlierReason;
    readonly ejectionMs: number;
  }
  | { readonly backend: number; readonly to: "admitted"; readonly reason: "time" | "check" };

/** What an {@linkcode OutlierDetector} works with. */
export interface OutlierOptions {
  readonly policy: OutlierPolicy;
  readonly table: GuardTable;
  /** Place of the upstream's cells in the table. */
  readonly upstream: number;
  /** Places of its backends. */
  readonly backends: readonly number[];
}

/** One backend as the detector knows it. */
interface Member {
  readonly backend: number;
  /** When its ejection ends; absent while it is not known to be ejected. */
  untilMs?: number | undefined;
  /** Ejections that count for the length of the next; one less after each good interval. */
  ejections: number;
  /** Totals at the start of the interval. */
  before: WorkTotals;
}

/**
 * The part of one upstream's outlier detection that needs time; one for all threads. Failures in a
 * row eject at once, from whichever thread counts them; here that is seen and ended, and backends
 * are compared with each other once an interval.
 */
export class OutlierDetector {
  readonly #options: OutlierOptions;
  #members: readonly Member[];
  #nextMs: number;

  constructor(options: OutlierOptions, nowMs: number) {
    const { backends, policy } = options;
    this.#options = options;
    this.#members = backends.map((backend) => this.#join(backend));
    this.#nextMs = nowMs + policy.intervalMs;
  }

  /** Watches these backends from now on; what is known of those that stay is kept. */
  watch(backends: readonly number[]): void {
    const known = new Map(this.#members.map((member) => [member.backend, member]));
    this.#members = backends.map((backend) => known.get(backend) ?? this.#join(backend));
  }

  #join(backend: number): Member {
    return { backend, ejections: 0, before: this.#options.table.totals(backend) };
  }

  /** To be called many times a second; what has changed. */
  tick(nowMs: number): Ejection[] {
    const changes: Ejection[] = [];
    for (const member of this.#members) {
      const change = this.#look(member, nowMs);
      if (change !== undefined) changes.push(change);
    }
    if (nowMs < this.#nextMs) return changes;
    this.#nextMs = nowMs + this.#options.policy.intervalMs;
    return [...changes, ...this.#compare(nowMs)];
  }

  /**
   * A check of a backend was passed.
   *
   * @param proof what that shows: that it can be connected to, or that it answers
   */
  checkPassed(backend: number, proof: "connection" | "answer"): Ejection | undefined {
    const { table } = this.#options;
    const member = this.#members.find((member) => member.backend === backend);
    if (member?.untilMs === undefined) return undefined;
    // That it accepts connections is no news of a backend that answers with errors.
    if (proof === "connection" && !table.couldNotConnect(backend)) return undefined;
    return this.#admit(member, "check");
  }

  /** The process stood still for that long: ejections end later, and nobody is compared. */
  excuse(pausedMs: number, nowMs: number): void {
    const { table, policy } = this.#options;
    this.#nextMs = nowMs + policy.intervalMs;
    for (const member of this.#members) {
      if (member.untilMs !== undefined) member.untilMs += pausedMs;
      member.before = table.totals(member.backend);
    }
  }

  #look(member: Member, nowMs: number): Ejection | undefined {
    const { table, policy } = this.#options;
    const { backend, untilMs } = member;
    if (untilMs !== undefined) return nowMs < untilMs ? undefined : this.#admit(member, "time");
    if (!table.state(backend).ejected) return undefined;
    const { consecutiveFailures: most } = policy;
    const isPlain = most > 0 && table.failures(backend) >= most;
    return this.#note(member, isPlain ? "consecutive_failures" : "gateway_failures", nowMs);
  }

  #compare(nowMs: number): Ejection[] {
    const { table, policy, upstream } = this.#options;
    const work = this.#members.map((member) => workSince(member, table.totals(member.backend)));
    const most = mostEjected(policy, this.#members.length);
    const changes: Ejection[] = [];
    for (const [place, reason] of findOutliers(policy, work).entries()) {
      const member = this.#members[place];
      if (member === undefined || member.untilMs !== undefined) continue;
      const { backend } = member;
      const isOut = reason !== undefined &&
        table.eject(backend, upstream, { era: table.era(backend), most });
      if (!isOut) {
        if (reason === undefined) member.ejections = Math.max(0, member.ejections - 1);
        continue;
      }
      table.noteCause(backend, false);
      changes.push(this.#note(member, reason, nowMs));
    }
    return changes;
  }

  #note(member: Member, reason: OutlierReason, nowMs: number): Ejection {
    const { baseEjectionMs, maxEjectionMs } = this.#options.policy;
    member.ejections++;
    const ejectionMs = Math.min(
      baseEjectionMs * member.ejections,
      Math.max(baseEjectionMs, maxEjectionMs),
    );
    member.untilMs = nowMs + ejectionMs;
    return { backend: member.backend, to: "ejected", reason, ejectionMs };
  }

  #admit(member: Member, reason: "time" | "check"): Ejection {
    const { table, upstream } = this.#options;
    const { backend } = member;
    table.admit(backend, upstream);
    member.untilMs = undefined;
    member.before = table.totals(backend);
    return { backend, to: "admitted", reason };
  }
}

function workSince(member: Member, now: WorkTotals): WorkTotals {
  const { before } = member;
  member.before = now;
  return { done: now.done - before.done, failed: now.failed - before.failed };
}
