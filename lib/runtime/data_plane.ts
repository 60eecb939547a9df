import { AccessLog } from "../access/access_log.ts";
import type { LineBatch } from "../access/line_batch.ts";
import type { ListenerConfig, UpstreamConfig } from "../config/types.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { Logger } from "../core/log.ts";
import type { SharedTable } from "../core/shared_table.ts";
import type { ServerCertificate } from "../core/server_certificate.ts";
import type { MetricPlan } from "../metrics/metric_layout.ts";
import type { MetricTable } from "../metrics/metric_table.ts";
import { WheelTimer } from "../ds/timer_wheel.ts";
import { Timeouts } from "../net/timeouts.ts";
import type { Transport } from "../net/transport.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import { Tracer } from "../tracing/tracer.ts";
import type { TraceRecord } from "../tracing/trace_record.ts";
import { buildUpstream } from "../upstream/build_upstream.ts";
import { buildFront, buildTcpWay, type ProxyParts } from "./build_proxy.ts";
import { Fronts, type ListenerCertificates } from "./fronts.ts";
import { GateBuilder } from "./gates.ts";
import type { HopPorts } from "./hop_ports.ts";
import { type PlacedConfig, placeListeners } from "./layout.ts";
import { ListenerSet, type Proxy, type WantedListener, type Way } from "./listener_set.ts";
import type { RateLimits } from "./rate_limits.ts";
import type { SharedLimits } from "./shared_limits.ts";
import type { BackendMessage, OverrideMessage } from "./messages.ts";
import { createThread } from "./thread_parts.ts";
import { ThreadUpstream } from "./thread_upstream.ts";
import { type Retired, UpstreamSet } from "./upstream_set.ts";

/** What a data plane goes by; a reload brings another. */
export interface Plan {
  readonly config: PlacedConfig;
  readonly limits: SharedLimits;
  /** The rate limits of the configuration; absent where it has none. */
  readonly rates?: RateLimits | undefined;
  /** What is counted for the metrics, and where; absent: what the table says. */
  readonly metricPlan?: MetricPlan;
  /** What listeners that end TLS show; absent: there is no such listener. */
  readonly certificates?: ListenerCertificates;
}

/** Everything the data plane of one thread takes from outside. Tests pass fakes. */
export interface DataPlaneDeps extends Plan {
  readonly table: SharedTable;
  readonly metrics: MetricTable;
  /** What circuit breakers and outlier detection know; absent: there is neither. */
  readonly guards?: GuardTable;
  /** Slot of this thread in the table. */
  readonly worker: number;
  /** Unix sockets cannot be shared: one thread opens them. @default {true} */
  readonly opensUnix?: boolean;
  readonly transport: Transport;
  /** Ports of this thread for listeners with a hop. */
  readonly hopPorts?: HopPorts;
  /** Takes lines of the access log; absent: there is none. */
  readonly lines?: LineBatch;
  /** Takes what is traced; absent: nothing is. */
  readonly trace?: (record: TraceRecord) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** What operators have changed; nothing is the default. */
  readonly overrides?: readonly OverrideMessage[];
}

/** One thread's running load balancer. */
export class DataPlane implements Disposable {
  readonly #deps: DataPlaneDeps;
  readonly #thread: ThreadParts;
  readonly #timeouts: Timeouts;
  readonly #fronts: Fronts;
  readonly #listeners: ListenerSet;
  readonly #sweeper = new WheelTimer(() => this.#sweep());
  /** Upstreams of former configurations that may still have work. */
  readonly #leaving = new Set<ThreadUpstream>();
  readonly #gates: GateBuilder;
  #plan: Plan;
  #upstreams: UpstreamSet | undefined;
  #prepared: { readonly plan: Plan; readonly upstreams: UpstreamSet } | undefined;

  /** Builds everything and opens the listeners. @throws {ListenError} with nothing left open */
  constructor(deps: DataPlaneDeps) {
    const { transport } = deps;
    this.#deps = deps;
    this.#plan = deps;
    this.#timeouts = new Timeouts(deps.now);
    this.#thread = createThread(deps, this.#timeouts);
    const { meters } = this.#thread;
    this.#gates = new GateBuilder({ ...deps, meters, timeouts: this.#timeouts });
    this.#fronts = new Fronts({ transport, hopPorts: deps.hopPorts ?? new Map() }, this.#thread);
    this.#listeners = new ListenerSet({ thread: this.#thread, fronts: this.#fronts });
    try {
      this.prepare(deps);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Serves until the listeners are closed. */
  async run(): Promise<void> {
    this.commit(this.#deps.overrides);
    this.#sweep();
    await this.#listeners.untilClosed();
  }

  /**
   * Builds what another configuration needs, and opens its listeners. Traffic sees nothing of it
   * before {@linkcode commit}.
   *
   * @throws {ListenError} with everything as it was
   */
  prepare(plan: Plan): void {
    this.cancel();
    if (plan.metricPlan !== undefined) this.#thread.meters.take(plan.metricPlan);
    this.#fronts.prepare(plan.certificates ?? new Map());
    const { zone } = plan.config;
    const create = (config: UpstreamConfig, place: number) => {
      return this.#createUpstream(config, place, zone);
    };
    const upstreams = new UpstreamSet(plan.config, create, this.#upstreams);
    try {
      this.#listeners.prepare(this.#wantedListeners(plan, upstreams));
    } catch (error) {
      upstreams.cancel();
      throw error;
    }
    this.#prepared = { plan, upstreams };
  }

  /** Gives up what was prepared, if anything was. */
  cancel(): void {
    this.#listeners.cancel();
    this.#fronts.cancel();
    this.#prepared?.upstreams.cancel();
    this.#prepared = undefined;
  }

  /**
   * Puts what was prepared in force, in one go; without, takes note of what happened meanwhile.
   *
   * @param overrides all that operators want by now; absent: what is configured
   */
  commit(overrides: readonly OverrideMessage[] = []): void {
    if (this.#prepared === undefined) return this.#upstreams?.sync(overrides);
    const { plan, upstreams } = this.#prepared;
    this.#prepared = undefined;
    this.#plan = plan;
    this.#upstreams = upstreams;
    const retired = upstreams.commit(overrides);
    this.#retire(retired, this.#listeners.commit());
    this.#fronts.commit();
  }

  /** Has a listener show other certificates from the next connection on. */
  replaceCertificates(listener: string, certificates: readonly ServerCertificate[]): void {
    this.#fronts.replaceCertificates(listener, certificates);
  }

  /** Does what the supervisor says of a backend. */
  hear(message: BackendMessage): void {
    const member = this.#upstreams?.memberAt(message.backend);
    member?.entry.hear(member.id, message);
  }

  /** Cuts the connections to servers, by their places in the shared table. */
  cut(backends: readonly number[]): void {
    this.#listeners.abortBackends(new Set(backends));
  }

  /** Closes the listeners on Unix sockets. */
  releaseUnix(): void {
    this.#listeners.releaseUnix();
  }

  /**
   * Closes the listeners because others have taken their place; resolves once the last connection
   * has ended. Nobody is sent away who is about to ask for something.
   */
  async retire(): Promise<void> {
    const ended = this.#listeners.retire();
    this.#upstreams?.stopWarming();
    await ended;
  }

  /** Closes the listeners; resolves once the last connection has ended. */
  async drain(): Promise<void> {
    const drained = this.#listeners.drain();
    this.#upstreams?.stopWarming();
    await drained;
  }

  /** Cuts every open connection. */
  abort(): void {
    this.#listeners.abort();
  }

  [Symbol.dispose](): void {
    this.cancel();
    this.#listeners[Symbol.dispose]();
    this.#fronts[Symbol.dispose]();
    this.#upstreams?.[Symbol.dispose]();
    for (const entry of this.#leaving) entry[Symbol.dispose]();
    this.#gates[Symbol.dispose]();
    this.#timeouts[Symbol.dispose]();
  }

  #wantedListeners({ config, limits, rates }: Plan, upstreams: UpstreamSet): WantedListener[] {
    const { opensUnix = true, random } = this.#deps;
    const tracer = this.#tracerOf(config);
    return placeListeners(config).flatMap(({ config: listener, index }, at) => {
      if (listener.address.kind === "unix" && !opensUnix) return [];
      const clients = limits.clients[at];
      const parts = { index, upstreams, thread: this.#thread, rates, random };
      const access = this.#accessLogOf(listener, config);
      const wanted = {
        config: listener,
        index,
        way: wayOf(listener, { ...parts, access, tracer }),
      };
      return [{ ...wanted, ...(clients && { clients }) }];
    });
  }

  #accessLogOf({ name: listener }: ListenerConfig, { accessLog }: PlacedConfig) {
    const { lines: batch, random, now } = this.#deps;
    if (batch === undefined || accessLog === undefined) return undefined;
    return new AccessLog(accessLog, { listener, batch, random, now, wallNow: Date.now });
  }

  /** One for all listeners, which share what may be traced in a second. */
  #tracerOf({ tracing, workers }: PlacedConfig): Tracer | undefined {
    const { trace: emit, random, now } = this.#deps;
    if (emit === undefined || tracing === undefined) return undefined;
    const maxPerSecond = Math.ceil(tracing.maxPerSecond / workers);
    const settings = { sample: tracing.sample, maxPerSecond };
    return new Tracer(settings, { emit, random, now, wallNow: Date.now });
  }

  #createUpstream(config: UpstreamConfig, index: number, zone: string | undefined) {
    const { table, guards, worker, random, now } = this.#deps;
    const { gates, room } = this.#gates.build(config, index);
    const coarse = () => this.#timeouts.nowMs;
    const upstream = buildUpstream(config, {
      index,
      table,
      ...(guards === undefined ? {} : { guards }),
      worker,
      random,
      now,
      coarse,
      defer: queueMicrotask,
      zone,
      gates,
    });
    const thread = this.#thread;
    return new ThreadUpstream({ config, place: index, upstream, room, thread, random });
  }

  /** What is under way on what is no more may end, but not for ever. */
  #retire({ upstreams, backends }: Retired, proxies: readonly Proxy[]): void {
    for (const entry of upstreams) {
      entry[Symbol.dispose]();
      this.#leaving.add(entry);
    }
    if (upstreams.length + backends.length + proxies.length === 0) return;
    const gone = new Set(backends.map(({ index }) => index));
    const timer = new WheelTimer(() => {
      this.#listeners.abortBackends(gone);
      for (const proxy of proxies) proxy.abortAll();
      for (const entry of upstreams) this.#forget(entry);
    });
    this.#timeouts.schedule(timer, this.#plan.config.shutdownTimeoutMs);
  }

  #forget(entry: ThreadUpstream): void {
    this.#leaving.delete(entry);
    if (entry.room !== undefined) this.#gates.close(entry.room);
  }

  #sweep(): void {
    this.#upstreams?.sweep();
    this.#timeouts.schedule(this.#sweeper, SWEEP_MS);
  }
}

function wayOf(listener: ListenerConfig, parts: ProxyParts): Way {
  return listener.protocol === "tcp"
    ? buildTcpWay(listener, parts)
    : { protocol: "http", front: buildFront(listener, parts) };
}

/** How often idle connections to backends are looked through. */
const SWEEP_MS = 1000;
