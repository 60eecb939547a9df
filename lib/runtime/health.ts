import type { HealthCheckConfig, UpstreamConfig } from "../config/types.ts";
import { type Address, formatAddress } from "../core/address.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { HealthChecker, type Watching } from "../health/checker.ts";
import { createDetector, EVALUATE_MS } from "../health/create_detector.ts";
import { RunningTime } from "../health/running_time.ts";
import type { HealthChange, HealthReport } from "../health/watch.ts";
import { writeProxyHeader } from "../net/proxy_header_write.ts";
import type { ConnectOptions, Transport } from "../net/transport.ts";
import { createProbe } from "../probe/create_probe.ts";
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
  /** Hears of each backend whose state changed. */
  readonly onChange: (backend: PlacedBackend, available: boolean) => void;
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
    const wanted = groupsOf(placeBackends(config));
    const added: Group[] = [];
    for (const [key, group] of wanted) {
      const known = this.#groups.get(key);
      if (known === undefined) added.push(group);
      else this.#inform(known, group.members);
    }
    const hold = this.#holdFor(added);
    for (const group of added) this.#watch(group);
    return {
      ready: hold.over,
      commit: () => this.#commit(wanted),
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

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#hold?.[Symbol.dispose]();
    this.#checker[Symbol.dispose]();
    this.#running[Symbol.dispose]();
  }

  #holdFor(added: readonly Group[]): StartHold {
    const { clock, isUp, onChange } = this.#options;
    const backends = added.flatMap(({ members }) => members);
    const admit = (backend: PlacedBackend) => onChange(backend, true);
    this.#hold?.[Symbol.dispose]();
    return this.#hold = new StartHold({ clock, backends, isUp, admit });
  }

  #commit(wanted: ReadonlyMap<string, Group>): void {
    const before = this.#groups;
    this.#groups = new Map();
    this.#watchings = new Map();
    for (const [key, { watching }] of before) {
      if (!wanted.has(key)) watching?.[Symbol.dispose]();
    }
    for (const [key, group] of wanted) {
      const known = before.get(key);
      if (known !== undefined) this.#inform(known, group.members);
      const { watching } = known ?? group;
      if (known !== undefined) known.members = group.members;
      this.#groups.set(key, known ?? group);
      for (const { index } of group.members) this.#watchings.set(index, watching!);
    }
  }

  /** Backends for which a check is made already are as those that it is made for. */
  #inform({ members: [first] }: Group, members: readonly PlacedBackend[]): void {
    const { isUp, onChange } = this.#options;
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
    group.watching = this.#checker.watch(check, (change) => this.#tell(group, change));
  }

  #passed({ check, members }: Group): void {
    for (const backend of members) this.#options.onPass(backend, check);
  }

  #tell({ members }: Group, change: HealthChange): void {
    for (const backend of members) {
      logChange(this.#options.log, backend, change);
      this.#options.onChange(backend, change.available);
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

/** Backends that one check is for: the same server in several upstreams. */
interface Group {
  readonly check: HealthCheckConfig;
  readonly opening: ConnectOptions;
  /** At least one. */
  members: PlacedBackend[];
  watching?: Watching;
  /** Work that had ended well at the last look. */
  heard: number;
}

function groupsOf(backends: readonly PlacedBackend[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const backend of backends) {
    const { healthCheck: check, proxyProtocol } = backend.upstream;
    if (check === undefined) continue;
    const opening = openingOf(backend.upstream);
    const how = JSON.stringify([check, opening.tls, proxyProtocol]);
    const key = `${formatAddress(backend.spec.address)} ${how}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { check, opening, members: [backend], heard: 0 });
    else group.members.push(backend);
  }
  return groups;
}

/** How connections for checks begin: as for clients, but the PROXY header names none. */
function openingOf({ tls, proxyProtocol: version, healthCheck }: UpstreamConfig): ConnectOptions {
  return {
    ...(tls === undefined || healthCheck?.isPlain ? {} : { tls }),
    ...(version && { preface: writeProxyHeader({ version, command: "local" }) }),
  };
}

function beginningWith(opening: ConnectOptions, transport: Transport): Transport {
  return {
    listen: (address) => transport.listen(address),
    connect: (address, signal) => transport.connect(address, signal, opening),
  };
}

function goesByPhi({ check }: Group): boolean {
  return check.detector.kind === "phi_accrual";
}

function logChange(log: Logger, backend: PlacedBackend, change: HealthChange): void {
  // That a backend is well from the start is no news.
  if (change.available && change.isFirst) return;
  log.write({
    level: change.available ? "info" : "warning",
    message: change.available ? "Backend is up" : "Backend is down",
    fields: {
      upstream: backend.upstream.name,
      backend: backend.spec.id,
      reason: change.reason,
    },
  });
}
