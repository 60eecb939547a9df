import type { UpstreamConfig } from "../config/types.ts";
import { isSame } from "../core/same.ts";
import type { SharedTable } from "../core/shared_table.ts";
import type { Backend, BackendSpec } from "../core/types.ts";
import type { HttpUpstream } from "../proxy/http_route.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import type { WaitingRoom } from "../proxy/waiting_room.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";
import { usualWeight } from "../upstream/usual_weight.ts";
import { HttpUpstreamParts } from "./http_upstreams.ts";
import type { PlacedBackend } from "./layout.ts";
import { addMember, tellMember } from "./members.ts";
import type { BackendMessage, OverrideMessage } from "./messages.ts";
import { TcpUpstreamParts } from "./tcp_upstreams.ts";

/** What a {@linkcode ThreadUpstream} is made of. */
export interface ThreadUpstreamOptions {
  readonly config: UpstreamConfig;
  /** Of its cells in the shared table. */
  readonly place: number;
  /** Without servers. */
  readonly upstream: BalancedUpstream;
  /** Absent where backends take as much work as comes. */
  readonly room: WaitingRoom | undefined;
  readonly thread: ThreadParts;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What operators want, by the place of the server; those that are absent are as configured. */
export type Wanted = ReadonlyMap<number, OverrideMessage>;

/** One upstream of one thread: its servers, and the connections to them. */
export class ThreadUpstream implements Disposable {
  readonly upstream: BalancedUpstream;
  readonly room: WaitingRoom | undefined;
  readonly #options: ThreadUpstreamOptions;
  readonly #table: SharedTable;
  #config: UpstreamConfig;
  #http: HttpUpstreamParts | undefined;
  #warm: TcpUpstreamParts | undefined;

  constructor(options: ThreadUpstreamOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#table = options.thread.table;
    this.upstream = options.upstream;
    this.room = options.room;
  }

  get place(): number {
    return this.#options.place;
  }

  get config(): UpstreamConfig {
    return this.#config;
  }

  /** Connections for HTTP listeners, made when the first of them asks. */
  get http(): HttpUpstream {
    if (this.#http === undefined) {
      const { upstream, room, thread, random, place: index } = this.#options;
      const config = this.#config;
      this.#http = new HttpUpstreamParts({ config, index, upstream, room, thread, random });
      // Never rejects: the configuration was checked.
      void this.#http.prepare();
    }
    return this.#http.http;
  }

  /** Connections kept ready for TCP listeners, if any are to be. */
  get warm(): TcpUpstreamParts | undefined {
    if (this.#config.pool.warm === 0) return undefined;
    const { upstream, thread } = this.#options;
    return this.#warm ??= new TcpUpstreamParts(this.#config, upstream, thread);
  }

  /** Whether another configuration differs in nothing but its servers: then it can be taken on. */
  canBecome(next: UpstreamConfig): boolean {
    const { backends: mine, ...rest } = this.#config;
    const { backends: others, ...nextRest } = next;
    return isSame(rest, nextRest) && usualWeight(mine) === usualWeight(others) &&
      mine.some(isLimited) === others.some(isLimited);
  }

  /**
   * Takes servers on and lets others go; those that stay keep all they have.
   *
   * @returns the servers that are members no more
   */
  become(
    config: UpstreamConfig,
    members: readonly PlacedBackend[],
    overrides: Wanted = new Map(),
  ): Backend[] {
    const wanted = new Map(members.map((member) => [member.spec.id, member]));
    const gone: Backend[] = [];
    for (const backend of [...this.upstream.backends.values()]) {
      const next = wanted.get(backend.id);
      if (next !== undefined && isSameServer(backend, next)) continue;
      this.upstream.removeServer(backend.id);
      gone.push(backend);
    }
    for (const member of members) this.#admit(member, overrides);
    this.#config = config;
    if (gone.length > 0 || members.length > 0) void this.#http?.prepare();
    return gone;
  }

  /** Takes from the tables what was found out about servers while nobody told, and what is wanted. */
  sync(members: readonly PlacedBackend[], overrides: Wanted): void {
    for (const member of members) {
      const { spec: { id }, index } = member;
      this.upstream.setHealth(id, this.#table.isUp(index));
      this.upstream.noteEjection(id);
      this.#obey(member, overrides);
    }
  }

  /** Does what the supervisor says of a server. */
  hear(id: string, message: BackendMessage): void {
    tellMember(this.upstream, id, message);
    if (message.type === "health" || message.type === "override") this.sweep();
  }

  /** Looks through the idle connections; to be called each second. */
  sweep(): void {
    this.#http?.sweep();
    this.#warm?.sweep();
  }

  /** From now on no connection is opened but for work that waits for it. */
  stopWarming(): void {
    this.#http?.stopWarming();
    this.#warm?.[Symbol.dispose]();
  }

  /** Closes idle connections, and those in use as they are given back. */
  [Symbol.dispose](): void {
    this.#http?.[Symbol.dispose]();
    this.#warm?.[Symbol.dispose]();
  }

  #admit(member: PlacedBackend, overrides: Wanted): void {
    if (!this.upstream.backends.has(member.spec.id)) addMember(this.upstream, member, this.#table);
    this.#obey(member, overrides);
  }

  #obey({ spec: { id, weight }, index }: PlacedBackend, overrides: Wanted): void {
    const override = overrides.get(index);
    this.upstream.setWeight(id, override?.weight ?? weight);
    this.upstream.setState(id, override?.state ?? "ready");
  }
}

/** It keeps its place, and whatever it is that algorithms and gates read when it is added. */
function isSameServer(backend: Backend, { spec, index }: PlacedBackend): boolean {
  const withoutWeight = (spec: BackendSpec) => ({ ...spec, weight: 0 });
  return backend.index === index && isSame(withoutWeight(backend.spec), withoutWeight(spec));
}

function isLimited({ maxConnections }: BackendSpec): boolean {
  return maxConnections !== undefined;
}
