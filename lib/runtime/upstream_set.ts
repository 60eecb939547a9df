import type { UpstreamConfig } from "../config/types.ts";
import type { Backend } from "../core/types.ts";
import { placeBackends, type PlacedBackend, type PlacedConfig, placeUpstreams } from "./layout.ts";
import type { OverrideMessage } from "./messages.ts";
import type { ThreadUpstream } from "./thread_upstream.ts";

/** Makes an upstream without servers; `place` is that of its cells in the tables. */
export type CreateUpstream = (config: UpstreamConfig, place: number) => ThreadUpstream;

/** What was left behind when a configuration took another's place. */
export interface Retired {
  readonly upstreams: readonly ThreadUpstream[];
  /** Servers that get no new work; what they have may end. */
  readonly backends: readonly Backend[];
}

/** The upstreams of one thread under one configuration. */
export class UpstreamSet implements Disposable {
  readonly #config: PlacedConfig;
  readonly #entries = new Map<string, ThreadUpstream>();
  /** Place in the shared table -> where the server is a member. */
  readonly #members = new Map<number, { entry: ThreadUpstream; id: string }>();
  /** Until this set is in force or given up. */
  #before: UpstreamSet | undefined;

  /**
   * Upstreams of the configuration before that differ in nothing but their servers are taken over as
   * they are, and changed by {@linkcode commit}; the others are made anew.
   */
  constructor(config: PlacedConfig, create: CreateUpstream, before?: UpstreamSet) {
    this.#config = config;
    this.#before = before;
    const isSameFrame = before?.zone === config.zone;
    for (const { config: upstream, index } of placeUpstreams(config)) {
      const old = before?.get(upstream.name);
      const isKept = isSameFrame && old?.place === index && old.canBecome(upstream);
      this.#entries.set(upstream.name, isKept ? old : create(upstream, index));
    }
    for (const [name, members] of this.#byUpstream()) {
      const entry = this.#entries.get(name)!;
      for (const { index, spec } of members) this.#members.set(index, { entry, id: spec.id });
      if (!this.#isKept(entry)) entry.become(entry.config, members);
    }
  }

  /** Where this Weir runs. */
  get zone(): string | undefined {
    return this.#config.zone;
  }

  get(name: string): ThreadUpstream | undefined {
    return this.#entries.get(name);
  }

  /** Where a server is a member. */
  memberAt(place: number): { entry: ThreadUpstream; id: string } | undefined {
    return this.#members.get(place);
  }

  /**
   * Makes the set the one that is in force.
   *
   * @param overrides what operators want of its servers by now
   */
  commit(overrides: readonly OverrideMessage[]): Retired {
    const wanted = new Map(overrides.map((override) => [override.backend, override]));
    const upstreams: ThreadUpstream[] = [];
    const backends: Backend[] = [];
    for (const [name, entry] of this.#before?.entries() ?? []) {
      if (this.#entries.get(name) === entry) continue;
      upstreams.push(entry);
      backends.push(...this.#leaving(entry));
    }
    const members = this.#byUpstream();
    for (const config of this.#config.upstreams) {
      const entry = this.#entries.get(config.name)!;
      const own = members.get(config.name)!;
      if (this.#isKept(entry)) backends.push(...entry.become(config, own, wanted));
      else entry.sync(own, wanted);
    }
    this.#before = undefined;
    return { upstreams, backends };
  }

  /** Takes from the tables, and from what operators want, what nobody may have told. */
  sync(overrides: readonly OverrideMessage[]): void {
    const wanted = new Map(overrides.map((override) => [override.backend, override]));
    const members = this.#byUpstream();
    for (const [name, entry] of this.#entries) entry.sync(members.get(name)!, wanted);
  }

  /** Gives up a set that is not to come into force. */
  cancel(): void {
    for (const entry of this.#entries.values()) {
      if (!this.#isKept(entry)) entry[Symbol.dispose]();
    }
    this.#before = undefined;
  }

  entries(): ReadonlyMap<string, ThreadUpstream> {
    return this.#entries;
  }

  sweep(): void {
    for (const entry of this.#entries.values()) entry.sweep();
  }

  stopWarming(): void {
    for (const entry of this.#entries.values()) entry.stopWarming();
  }

  [Symbol.dispose](): void {
    for (const entry of this.#entries.values()) entry[Symbol.dispose]();
  }

  #isKept(entry: ThreadUpstream): boolean {
    return this.#before?.get(entry.upstream.name) === entry;
  }

  /** Servers of an upstream that is replaced or removed, and that are in no other one's place. */
  #leaving(entry: ThreadUpstream): Backend[] {
    return [...entry.upstream.backends.values()].filter(({ index }) => !this.#members.has(index));
  }

  #byUpstream(): Map<string, PlacedBackend[]> {
    const groups = new Map<string, PlacedBackend[]>();
    for (const name of this.#entries.keys()) groups.set(name, []);
    for (const backend of placeBackends(this.#config)) {
      groups.get(backend.upstream.name)?.push(backend);
    }
    return groups;
  }
}
