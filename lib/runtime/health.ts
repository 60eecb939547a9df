import type { Config, HealthCheckConfig, UpstreamConfig } from "../config/types.ts";
import { type Address, formatAddress } from "../core/address.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { HealthChecker, type Watching } from "../health/checker.ts";
import { Consecutive } from "../health/consecutive.ts";
import type { FailureDetector } from "../health/failure_detector.ts";
import { PhiAccrual } from "../health/phi_accrual.ts";
import { RunningTime } from "../health/running_time.ts";
import type { HealthChange, HealthReport } from "../health/watch.ts";
import { writeProxyHeader } from "../net/proxy_header_write.ts";
import type { ConnectOptions, Transport } from "../net/transport.ts";
import { createProbe } from "../probe/create_probe.ts";
import { placeBackends, type PlacedBackend } from "./layout.ts";
import { StartHold } from "./start_hold.ts";

/** What the health checks of a configuration need and whom they tell. */
export interface HealthOptions {
  readonly config: Config;
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

/**
 * Checks every backend that has a health check, until disposed. Backends with the same address and
 * the same check share it.
 */
export class HealthChecks implements Disposable {
  readonly #options: HealthOptions;
  readonly #running: RunningTime;
  readonly #checker: HealthChecker;
  readonly #hold: StartHold;
  readonly #groups = new Map<string, Group>();
  readonly #watchings = new Map<number, Watching>();
  #timer: Disposable | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
    const { config, clock, random, isUp, onChange } = options;
    const backends = placeBackends(config);
    this.#running = new RunningTime(clock);
    this.#checker = new HealthChecker({ clock, random, running: this.#running });
    const admit = (backend: PlacedBackend) => onChange(backend, true);
    this.#hold = new StartHold({ clock, backends, isUp, admit });
    for (const backend of backends) this.#join(backend);
    for (const group of this.#groups.values()) this.#watch(group);
    if ([...this.#groups.values()].some(goesByPhi)) this.#schedule();
  }

  /** Resolves when listeners may open: see {@linkcode StartHold}. */
  get ready(): Promise<void> {
    return this.#hold.over;
  }

  /** What is known of the backend at that place of the shared table; absent without a check. */
  reportOf(index: number): HealthReport | undefined {
    return this.#watchings.get(index)?.report();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#hold[Symbol.dispose]();
    this.#checker[Symbol.dispose]();
    this.#running[Symbol.dispose]();
  }

  #join(backend: PlacedBackend): void {
    const { healthCheck: check } = backend.upstream;
    if (check === undefined) return;
    const opening = openingOf(backend.upstream);
    const how = JSON.stringify([check, opening.tls, backend.upstream.proxyProtocol]);
    const key = `${formatAddress(backend.spec.address)} ${how}`;
    const group = this.#groups.get(key);
    if (group === undefined) {
      this.#groups.set(key, { check, opening, members: [backend], heard: 0 });
    } else group.members.push(backend);
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
    for (const { index } of members) this.#watchings.set(index, group.watching);
  }

  #passed({ check, members }: Group): void {
    for (const backend of members) this.#options.onPass(backend, check);
  }

  #tell({ members }: Group, change: HealthChange): void {
    for (const backend of members) {
      logChange(this.#options.log, backend, change);
      this.#options.onChange(backend, change.available);
      this.#hold.decided(backend);
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
  readonly members: PlacedBackend[];
  watching?: Watching;
  /** Work that had ended well at the last look. */
  heard: number;
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

function createDetector(check: HealthCheckConfig, nowMs: number): FailureDetector {
  const { detector, intervalMs, rise, initial } = check;
  if (detector.kind === "threshold") return new Consecutive(check);
  const { threshold, pauseMs } = detector;
  return new PhiAccrual({ threshold, pauseMs, intervalMs, rise, initial, nowMs });
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

/** How often silence is looked at; a look at a backend takes a microsecond. */
const EVALUATE_MS = 250;
