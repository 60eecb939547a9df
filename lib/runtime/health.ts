import type { HealthCheckConfig } from "../config/types.ts";
import type { Address } from "../core/address.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { HealthChecker, type Watching } from "../health/checker.ts";
import { createDetector, EVALUATE_MS } from "../health/create_detector.ts";
import { RunningTime } from "../health/running_time.ts";
import type { HealthChange, HealthReport } from "../health/watch.ts";
import type { Transport } from "../net/transport.ts";
import { createProbe } from "../probe/create_probe.ts";
import { beginningWith, goesByPhi, type Group, groupsOf, logChange } from "./health_groups.ts";
import { placeBackends, type PlacedBackend, type PlacedConfig } from "./layout.ts";
import { StartHold } from "./start_hold.ts";

/** What the health checks of a configuration need and whom they tell. */
export interface HealthOptions {
  readonly config: PlacedConfig;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly isUp: (backend: PlacedBackend) => boolean;
  /** Work that ended well on a backend since start. */
  readonly successes: (backend: PlacedBackend) => number;
  /** Hears of each backend whose state changed, and why. */
  readonly onChange: (backend: PlacedBackend, available: boolean, reason?: string) => void;
  /** Hears of each check that was passed. */
  readonly onPass: (backend: PlacedBackend, check: HealthCheckConfig) => void;
}

/** Whether a backend gets traffic before anything is known of it. */
export function isUpAtFirst({ upstream: { healthCheck } }: PlacedBackend): boolean {
  return healthCheck === undefined || healthCheck.initial === "up";
}

/** Checks of another configuration under way, before it is in force. */
export interface HealthPrepared {
  /** Resolves when it may come into force: see {@linkcode StartHold}. */
  readonly ready: Promise<void>;
  /** Ends the checks that are wanted no more. */
  commit(): void;
  /** Ends those that were begun for it. */
  cancel(): void;
}

/**
 * Checks every backend that has a health check, until disposed. Backends with the same address and
 * the same check share it, and it goes on over reloads.
 */
export class HealthChecks implements Disposable {
  readonly #options: HealthOptions;
  readonly #running: RunningTime;
  readonly #checker: HealthChecker;
  readonly #prepared: HealthPrepared;
  #groups = new Map<string, Group>();
  #watchings = new Map<number, Watching>();
  /** Places of backends whose checks operators have stopped. */
  readonly #paused = new Set<number>();
  /** Of the configuration that is being prepared, while it is. */
  #hold: StartHold | undefined;
  #timer: Disposable | undefined;

  constructor(options: HealthOptions) {
    const { config, clock, random } = options;
    this.#options = options;
    this.#running = new RunningTime(clock);
    this.#checker = new HealthChecker({ clock, random, running: this.#running });
    this.#prepared = this.prepare(config);
    this.#prepared.commit();
    this.#schedule();
  }

  /** Resolves when listeners may open: see {@linkcode StartHold}. */
  get ready(): Promise<void> {
    return this.#prepared.ready;
  }

  /**
   * Begins to check the backends of a configuration that were not checked in that way before; those
   * that were keep their state. One at a time.
   */
  prepare(config: PlacedConfig): HealthPrepared {
    const backends = placeBackends(config);
    const wanted = groupsOf(backends);
    const added: Group[] = [];
    for (const [key, group] of wanted) {
      const known = this.#groups.get(key);
      if (this.#checked(group).length === 0) continue;
      if (known?.watching === undefined) added.push(group);
      else this.#inform(known, this.#checked(group));
    }
    const hold = this.#holdFor(added);
    for (const group of added) this.#watch(group);
    return {
      ready: hold.over,
      commit: () => this.#commit(wanted, backends),
      cancel: () => {
        hold[Symbol.dispose]();
        for (const { watching } of added) watching?.[Symbol.dispose]();
      },
    };
  }

  /** What is known of the backend at that place of the shared table; absent without a check. */
  reportOf(index: number): HealthReport | undefined {
    return this.#watchings.get(index)?.report();
  }

  /** Checks a backend no more. */
  pause({ index }: PlacedBackend): void {
    const group = this.#groupOf(index);
    this.#paused.add(index);
    if (group === undefined) return;
    this.#watchings.delete(index);
    if (this.#checked(group).length > 0) return;
    group.watching?.[Symbol.dispose]();
    delete group.watching;
  }

  /** Checks a backend again, at once; until the end of the check it is what it was at the start. */
  resume(backend: PlacedBackend): void {
    const group = this.#groupOf(backend.index);
    if (!this.#paused.delete(backend.index) || group === undefined) return;
    if (group.watching === undefined) {
      const isUp = isUpAtFirst(backend);
      this.#options.onChange(backend, isUp, isUp ? undefined : "not checked since maintenance");
      this.#watch(group);
    } else {
      this.#options.onChange(backend, group.available ?? isUpAtFirst(backend));
    }
    this.#enlist(group);
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#hold?.[Symbol.dispose]();
    this.#checker[Symbol.dispose]();
    this.#running[Symbol.dispose]();
  }

  #holdFor(added: readonly Group[]): StartHold {
    const { clock, isUp, onChange } = this.#options;
    const backends = added.flatMap((group) => this.#checked(group));
    const admit = (backend: PlacedBackend) => onChange(backend, true);
    this.#hold?.[Symbol.dispose]();
    return this.#hold = new StartHold({ clock, backends, isUp, admit });
  }

  #commit(wanted: ReadonlyMap<string, Group>, backends: readonly PlacedBackend[]): void {
    const before = this.#groups;
    this.#groups = new Map();
    this.#watchings = new Map();
    for (const [key, { watching }] of before) {
      if (!wanted.has(key)) watching?.[Symbol.dispose]();
    }
    for (const [key, group] of wanted) {
      const known = before.get(key);
      const isGoingOn = known?.watching !== undefined;
      if (isGoingOn) {
        this.#inform(known, this.#checked(group));
        known.members = group.members;
        // Begun for want of the other, which has been resumed since.
        group.watching?.[Symbol.dispose]();
      }
      this.#groups.set(key, isGoingOn ? known : group);
    }
    this.#settle(backends);
    for (const group of this.#groups.values()) this.#reconcile(group);
  }

  /** Operators may have stopped or wanted checks while the configuration was being prepared. */
  #reconcile(group: Group): void {
    const isWanted = this.#checked(group).length > 0;
    if (isWanted && group.watching === undefined) this.#watch(group);
    if (!isWanted) {
      group.watching?.[Symbol.dispose]();
      delete group.watching;
    }
    this.#enlist(group);
  }

  /** What operators wanted of a backend ends with it; what a check has found ends with the check. */
  #settle(backends: readonly PlacedBackend[]): void {
    const { isUp, onChange } = this.#options;
    const stay = new Set(backends.map(({ index }) => index));
    for (const index of this.#paused) if (!stay.has(index)) this.#paused.delete(index);
    for (const backend of backends) {
      if (backend.upstream.healthCheck === undefined && !isUp(backend)) onChange(backend, true);
    }
  }

  /** Notes whose state the checks of a group tell. */
  #enlist(group: Group): void {
    if (group.watching === undefined) return;
    for (const { index } of this.#checked(group)) this.#watchings.set(index, group.watching);
  }

  #groupOf(index: number): Group | undefined {
    return [...this.#groups.values()].find(({ members }) => {
      return members.some((member) => member.index === index);
    });
  }

  /** Those that the checks of a group are for just now. */
  #checked({ members }: Group): PlacedBackend[] {
    return members.filter(({ index }) => !this.#paused.has(index));
  }

  /** Backends for which a check is made already are as those that it is made for. */
  #inform(group: Group, members: readonly PlacedBackend[]): void {
    const { isUp, onChange } = this.#options;
    const [first] = this.#checked(group);
    const available = first !== undefined && isUp(first);
    for (const backend of members) if (isUp(backend) !== available) onChange(backend, available);
  }

  #watch(group: Group): void {
    const { check: { probe, intervalMs, fastIntervalMs, timeoutMs }, members } = group;
    const tryOnce = createProbe(probe, beginningWith(group.opening, this.#options.transport));
    const check = {
      address: members[0]!.spec.address,
      probe: async (address: Address, signal: AbortSignal) => {
        await tryOnce(address, signal);
        if (!signal.aborted) this.#passed(group);
      },
      detector: createDetector(group.check, this.#running.now()),
      intervalMs,
      fastIntervalMs,
      timeoutMs,
    };
    delete group.available;
    group.watching = this.#checker.watch(check, (change) => this.#tell(group, change));
  }

  #passed(group: Group): void {
    const { check } = group;
    for (const backend of this.#checked(group)) this.#options.onPass(backend, check);
  }

  #tell(group: Group, change: HealthChange): void {
    group.available = change.available;
    for (const backend of this.#checked(group)) {
      logChange(this.#options.log, backend, change);
      this.#options.onChange(backend, change.available, change.reason);
      this.#hold?.decided(backend);
    }
  }

  #schedule(): void {
    this.#timer = this.#options.clock.after(EVALUATE_MS, () => {
      for (const group of this.#groups.values()) this.#listen(group);
      this.#checker.evaluate();
      this.#schedule();
    });
  }

  /** Work that went well is a sign of life. */
  #listen(group: Group): void {
    if (!goesByPhi(group)) return;
    const { successes } = this.#options;
    const total = group.members.reduce((sum, backend) => sum + successes(backend), 0);
    if (total > group.heard) group.watching?.heard();
    group.heard = total;
  }
}
