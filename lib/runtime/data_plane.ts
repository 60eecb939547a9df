import type {
  Config,
  HttpListenerConfig,
  ListenerConfig,
  TcpListenerConfig,
  UpstreamConfig,
} from "../config/types.ts";
import type { Logger } from "../core/log.ts";
import type { GuardTable } from "../core/guard_table.ts";
import type { SharedTable } from "../core/shared_table.ts";
import type { Backend } from "../core/types.ts";
import { WheelTimer } from "../ds/timer_wheel.ts";
import { Aborters } from "../net/aborters.ts";
import { BufferPool } from "../net/buffers.ts";
import { Timeouts } from "../net/timeouts.ts";
import { HttpProxy } from "../proxy/http_proxy.ts";
import type { HttpUpstream } from "../proxy/http_route.ts";
import type { SniProxy } from "../proxy/sni_proxy.ts";
import type { TcpProxy } from "../proxy/tcp_proxy.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import { SharedBackend } from "../upstream/backend.ts";
import type { Gate } from "../upstream/gate.ts";
import { buildUpstream } from "../upstream/build_upstream.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";
import { Fronts, type FrontsOptions } from "./fronts.ts";
import { GateBuilder } from "./gates.ts";
import { buildHttpFront } from "./http_front.ts";
import { HttpUpstreamParts } from "./http_upstreams.ts";
import { placeBackends } from "./layout.ts";
import { Listener } from "./listener.ts";
import type { RateLimits } from "./rate_limits.ts";
import type { SharedLimits } from "./shared_limits.ts";
import { type UpstreamParts, upstreamsOf } from "./upstream_parts.ts";
import { buildTcpFront } from "./tcp_front.ts";
import { TcpUpstreamParts } from "./tcp_upstreams.ts";

/** Everything the data plane of one thread takes from outside. Tests pass fakes. */
export interface DataPlaneDeps extends FrontsOptions {
  readonly config: Config;
  readonly table: SharedTable;
  readonly limits: SharedLimits;
  /** What circuit breakers and outlier detection know; absent: there is neither. */
  readonly guards?: GuardTable;
  /** Slot of this thread in the table. The first one alone opens Unix sockets. */
  readonly worker: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** The rate limits of the configuration; absent where it has none. */
  readonly rates?: RateLimits | undefined;
}

/** One thread's running load balancer. */
export class DataPlane implements Disposable {
  /** Its listening sockets. */
  readonly fronts: Fronts;
  readonly #deps: DataPlaneDeps;
  readonly #thread: ThreadParts;
  readonly #timeouts: Timeouts;
  readonly #gates: GateBuilder;
  /** Place in the shared table -> where the backend is a member. */
  readonly #members = new Map<number, { upstream: BalancedUpstream; id: string }>();
  readonly #listeners: Listener[] = [];
  readonly #proxies: (TcpProxy | SniProxy | HttpProxy)[] = [];
  /** Connections for HTTP by upstream. */
  readonly #http = new Map<string, HttpUpstreamParts>();
  /** Connections kept ready for TCP by upstream. */
  readonly #warm = new Map<string, TcpUpstreamParts>();
  readonly #sweeper = new WheelTimer(() => this.#sweep());

  /** Builds everything and opens the listeners. @throws {ListenError} with nothing left open */
  constructor(deps: DataPlaneDeps) {
    this.#deps = deps;
    this.#timeouts = new Timeouts(deps.now);
    const { table, worker, transport, log } = deps;
    this.#thread = {
      table,
      worker,
      transport,
      log,
      aborters: new Aborters(),
      buffers: new BufferPool(),
      timeouts: this.#timeouts,
    };
    this.fronts = new Fronts(deps, this.#thread);
    this.#gates = new GateBuilder({ ...deps, timeouts: this.#timeouts });
    const upstreams = this.#buildUpstreams();
    using undo = new DisposableStack();
    undo.use(this);
    for (const [index, listener] of deps.config.listeners.entries()) {
      if (listener.address.kind === "unix" && worker !== 0) continue;
      this.#openListener(listener, index, upstreams);
    }
    undo.move();
  }

  /** Serves until the listeners are closed. */
  async run(): Promise<void> {
    this.#sweep();
    await Promise.all(this.#listeners.map((listener) => listener.run()));
  }

  /** Takes a backend in or out of the rotation. */
  setHealth(backend: number, available: boolean): void {
    const member = this.#members.get(backend);
    if (member === undefined) return;
    const { upstream, id } = member;
    upstream.setHealth(id, available);
    this.#http.get(upstream.name)?.sweep();
    this.#warm.get(upstream.name)?.sweep();
  }

  /** Takes note that a backend was ejected, or is so no more. */
  noteEjection(backend: number): void {
    const member = this.#members.get(backend);
    member?.upstream.noteEjection(member.id);
  }

  /** Gives a backend that was held off its share by and by. */
  warmUp(backend: number): void {
    const member = this.#members.get(backend);
    member?.upstream.warmUp(member.id);
  }

  /** Closes the listeners; resolves once the last connection has ended. */
  async drain(): Promise<void> {
    this.#closeListeners();
    for (const proxy of this.#proxies) proxy.drain();
    for (const parts of this.#http.values()) parts.stopWarming();
    for (const parts of this.#warm.values()) parts[Symbol.dispose]();
    await Promise.all(this.#listeners.map((listener) => listener.idle()));
  }

  /** Cuts every open connection. */
  abort(): void {
    for (const listener of this.#listeners) listener.abort();
    for (const proxy of this.#proxies) proxy.abortAll();
  }

  [Symbol.dispose](): void {
    this.#closeListeners();
    this.abort();
    this.fronts[Symbol.dispose]();
    for (const parts of this.#http.values()) parts[Symbol.dispose]();
    for (const parts of this.#warm.values()) parts[Symbol.dispose]();
    this.#gates[Symbol.dispose]();
    this.#timeouts[Symbol.dispose]();
  }

  #buildUpstreams(): Map<string, UpstreamParts> {
    const upstreams = new Map<string, UpstreamParts>();
    for (const [index, config] of this.#deps.config.upstreams.entries()) {
      const { gates, room } = this.#gates.build(config, index);
      upstreams.set(config.name, {
        config,
        upstream: this.#buildUpstream(config, index, gates),
        room,
      });
    }
    for (const { spec, index, upstream } of placeBackends(this.#deps.config)) {
      const parts = upstreams.get(upstream.name);
      if (parts !== undefined) this.#addMember(parts.upstream, index, spec);
    }
    return upstreams;
  }

  #buildUpstream(config: UpstreamConfig, index: number, gates: readonly Gate[]): BalancedUpstream {
    const { table, guards, worker, random, now } = this.#deps;
    const coarse = () => this.#timeouts.nowMs;
    const { zone } = this.#deps.config;
    return buildUpstream(config, {
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
  }

  #addMember(upstream: BalancedUpstream, index: number, spec: Backend["spec"]): void {
    const { id } = spec;
    upstream.addServer(new SharedBackend(spec, index, this.#deps.table));
    this.#members.set(index, { upstream, id });
    // A worker that starts late finds in the table what the checks have seen so far.
    if (!this.#deps.table.isUp(index)) upstream.setHealth(id, false);
    upstream.noteEjection(id);
  }

  #openListener(
    config: ListenerConfig,
    index: number,
    upstreams: ReadonlyMap<string, UpstreamParts>,
  ): void {
    const proxy = config.protocol === "tcp"
      ? this.#buildTcp(config, index, upstreams)
      : this.#buildHttp(config, index, upstreams);
    const front = this.fronts.open(config, index);
    const handler = proxy.handle.bind(proxy);
    const clients = this.#deps.limits.clients[index];
    const parts = { config, index, ...front, handler, thread: this.#thread };
    this.#listeners.push(new Listener({ ...parts, ...(clients && { clients }) }));
  }

  #buildTcp(
    config: TcpListenerConfig,
    index: number,
    upstreams: ReadonlyMap<string, UpstreamParts>,
  ): TcpProxy | SniProxy {
    const { entry, proxies } = buildTcpFront({
      config,
      index,
      upstreams,
      warmOf: (parts) => this.#warmOf(parts),
      thread: this.#thread,
      rates: this.#deps.rates,
    });
    this.#proxies.push(...proxies);
    return entry;
  }

  #buildHttp(
    config: HttpListenerConfig,
    index: number,
    upstreams: ReadonlyMap<string, UpstreamParts>,
  ): HttpProxy {
    const http = new Map<string, HttpUpstream>();
    for (const name of upstreamsOf(config)) {
      const parts = upstreams.get(name);
      if (parts !== undefined) http.set(name, this.#httpOf(parts).http);
    }
    const { random, rates } = this.#deps;
    const thread = this.#thread;
    const front = buildHttpFront({ config, index, upstreams: http, thread, random, rates });
    const proxy = new HttpProxy(front);
    this.#proxies.push(proxy);
    return proxy;
  }

  /** One set of connections for all HTTP listeners of the thread. */
  #httpOf({ config, upstream, room }: UpstreamParts): HttpUpstreamParts {
    const { random } = this.#deps;
    const known = this.#http.get(config.name);
    if (known !== undefined) return known;
    const parts = new HttpUpstreamParts({ config, upstream, room, thread: this.#thread, random });
    this.#http.set(config.name, parts);
    // Never rejects: the configuration was checked.
    void parts.prepare();
    return parts;
  }

  /** One set of connections for all TCP listeners of the thread, if any are kept ready. */
  #warmOf({ config, upstream }: UpstreamParts): TcpUpstreamParts | undefined {
    const known = this.#warm.get(config.name);
    if (known !== undefined || config.pool.warm === 0) return known;
    const parts = new TcpUpstreamParts(config, upstream, this.#thread);
    this.#warm.set(config.name, parts);
    return parts;
  }

  #sweep(): void {
    if (this.#http.size + this.#warm.size === 0) return;
    for (const parts of this.#http.values()) parts.sweep();
    for (const parts of this.#warm.values()) parts.sweep();
    this.#timeouts.schedule(this.#sweeper, SWEEP_MS);
  }

  #closeListeners(): void {
    for (const listener of this.#listeners) listener[Symbol.dispose]();
  }
}

/** How often idle connections to backends are looked through. */
const SWEEP_MS = 1000;
