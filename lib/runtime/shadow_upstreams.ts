import type { UpstreamConfig } from "../config/types.ts";
import { GuardTable } from "../core/guard_table.ts";
import { LimitTable } from "../core/limit_table.ts";
import { SharedTable } from "../core/shared_table.ts";
import { buildUpstream } from "../upstream/build_upstream.ts";
import type { Gate } from "../upstream/gate.ts";
import { SlotGate } from "../upstream/slot_gate.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";
import {
  placeBackends,
  type PlacedBackend,
  type PlacedConfig,
  placeUpstreams,
  shapeOf,
} from "./layout.ts";
import { addMember, tellMember } from "./members.ts";
import type { BackendMessage } from "./messages.ts";
import type { Overrides } from "./overrides.ts";

/** What the running Weir knows, or what it would know at its start. */
export interface ShadowOptions {
  readonly config: PlacedConfig;
  readonly table: SharedTable;
  readonly limits: LimitTable;
  readonly guards: GuardTable;
  readonly overrides: Overrides;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The tables of one thread. */
interface Tables {
  readonly table: SharedTable;
  readonly limits: LimitTable;
  readonly guards: GuardTable;
}

/** An upstream that may be asked for anything, without a trace. */
export interface ShadowUpstream {
  readonly config: UpstreamConfig;
  /** Place of its cells in the tables. */
  readonly index: number;
  readonly upstream: BalancedUpstream;
  /** Its members, with their places in the tables. */
  readonly backends: readonly PlacedBackend[];
  /** The tables as they were at the last look. */
  readonly tables: Tables;
}

/**
 * The upstreams as a data plane thread has them, over copies of the shared tables: what is asked of
 * them is decided by the very code that decides for clients, and changes nothing for those.
 *
 * They are built when somebody asks for the first time, and told of backends as the threads are. What
 * a thread knows by itself, latencies and learnt limits, is not known here.
 */
export class ShadowUpstreams {
  readonly #options: ShadowOptions;
  readonly #tables: Tables;
  readonly #shadows = new Map<string, ShadowUpstream>();
  /** Tables of algorithms that wait to be built. */
  #deferred: (() => void)[] = [];

  constructor(options: ShadowOptions) {
    this.#options = options;
    const shape = shapeOf(options.config);
    this.#tables = {
      table: SharedTable.create(shape),
      limits: LimitTable.create(shape),
      guards: GuardTable.create(shape),
    };
  }

  /** An upstream as it is at this moment. @throws {RangeError} when there is none of that name */
  look(name: string): ShadowUpstream {
    this.#copyTables();
    const shadow = this.#shadows.get(name) ?? this.#build(name);
    const { overrides } = this.#options;
    for (const backend of shadow.backends) {
      const { spec: { id }, index } = backend;
      tellMember(shadow.upstream, id, overrides.messageOf(backend));
      shadow.upstream.setHealth(id, this.#tables.table.isUp(index));
      shadow.upstream.noteEjection(id);
    }
    this.settle();
    return shadow;
  }

  /** Does what threads are told of a backend. */
  hear(message: BackendMessage): void {
    for (const { upstream, backends } of this.#shadows.values()) {
      const member = backends.find(({ index }) => index === message.backend);
      if (member !== undefined) tellMember(upstream, member.spec.id, message);
    }
  }

  /** Builds what algorithms have put off. */
  settle(): void {
    const due = this.#deferred;
    this.#deferred = [];
    for (const work of due) work();
  }

  #copyTables(): void {
    for (const name of ["table", "limits", "guards"] as const) {
      const [from, to] = [this.#options[name], this.#tables[name]];
      // What is only counted is much more, and decides nothing.
      const bytes = from instanceof SharedTable ? from.exactBytes : from.buffer.byteLength;
      new Uint8Array(to.buffer, 0, bytes).set(new Uint8Array(from.buffer, 0, bytes));
    }
  }

  #build(name: string): ShadowUpstream {
    const { config } = this.#options;
    const placed = placeUpstreams(config).find(({ config: upstream }) => upstream.name === name);
    if (placed === undefined) throw new RangeError(`There is no upstream "${name}"`);
    const { config: policy, index } = placed;
    const { table, guards } = this.#tables;
    const { random, now } = this.#options;
    const upstream = buildUpstream(policy, {
      index,
      table,
      guards,
      worker: 0,
      random,
      now,
      coarse: now,
      defer: (work) => this.#deferred.push(work),
      zone: config.zone,
      gates: this.#gates(),
    });
    const backends = placeBackends(config).filter(({ upstream }) => upstream === policy);
    for (const backend of backends) addMember(upstream, backend, table);
    const shadow = { config: policy, index, upstream, backends, tables: this.#tables };
    this.#shadows.set(name, shadow);
    return shadow;
  }

  #gates(): Gate[] {
    const { limits } = this.#tables;
    return [new SlotGate(limits, 0), new WindowGate(limits)];
  }
}

/** Limits that threads have learnt, all of them together. */
class WindowGate implements Gate {
  readonly isCapacity = true;
  readonly holdsBy = "concurrency_limit";
  readonly #limits: LimitTable;

  constructor(limits: LimitTable) {
    this.#limits = limits;
  }

  admits({ index, load }: { readonly index: number; readonly load: number }): boolean {
    const window = this.#limits.windowOf(index);
    return window === 0 || load < window;
  }

  enter(): boolean {
    return true;
  }

  observe(): void {}

  leave(): void {}
}
