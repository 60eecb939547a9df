import type { ListenerConfig } from "../config/types.ts";
import { ClientSlots, type ClientSlotsShape } from "../core/client_slots.ts";
import { LimitTable } from "../core/limit_table.ts";
import { type PlacedConfig, placeListeners, shapeOf } from "./layout.ts";

/** {@linkcode SharedLimits} on the way to another thread. */
export interface LimitBuffers {
  readonly table: SharedArrayBuffer;
  /** By listener; absent where clients are not limited. */
  readonly clients: readonly (SharedArrayBuffer | undefined)[];
}

/** The limits that all threads share. */
export class SharedLimits {
  readonly table: LimitTable;
  /** By listener; absent where clients are not limited. */
  readonly clients: readonly (ClientSlots | undefined)[];
  /** Milliseconds of the one clock that all threads go by in them. */
  readonly now: () => number;

  private constructor(
    { table, clients }: Pick<SharedLimits, "table" | "clients">,
    now: () => number,
  ) {
    this.table = table;
    this.clients = clients;
    this.now = now;
  }

  /**
   * New limits, which go by this thread's clock.
   *
   * @param random uniform in [0, 1)
   */
  static create(config: PlacedConfig, random: () => number): SharedLimits {
    const clients = config.listeners.map((listener) => createSlots(config, listener, random));
    const table = LimitTable.create(shapeOf(config));
    return new SharedLimits({ table, clients }, () => performance.now());
  }

  /**
   * The same limits in another thread.
   *
   * @param now reads the clock of the thread that created them, see `sharedClock`
   */
  static wrap(
    config: PlacedConfig,
    { table, clients }: LimitBuffers,
    now: () => number,
  ): SharedLimits {
    const slots = config.listeners.map((listener, at) => {
      const buffer = clients[at];
      return buffer && new ClientSlots(buffer, clientShape(config, listener));
    });
    return new SharedLimits({ table: new LimitTable(table, shapeOf(config)), clients: slots }, now);
  }

  /** For the configuration that follows `before`: what is the same in both goes on. */
  next(before: PlacedConfig, config: PlacedConfig, random: () => number): SharedLimits {
    const known = new Map(
      placeListeners(before).map(({ config, index }, at) => {
        return [index, { config, slots: this.clients[at] }] as const;
      }),
    );
    const clients = placeListeners(config).map(({ config: listener, index }) => {
      const old = known.get(index);
      const isSame = old?.config.maxConnections === listener.maxConnections &&
        listener.maxConnectionsPerIp !== undefined;
      return (isSame ? old?.slots : undefined) ?? createSlots(config, listener, random);
    });
    return new SharedLimits({ table: this.table, clients }, this.now);
  }

  get buffers(): LimitBuffers {
    return { table: this.table.buffer, clients: this.clients.map((slots) => slots?.buffer) };
  }

  /** Takes back what a dead worker held. */
  forgetWorker(worker: number): void {
    this.table.forgetWorker(worker);
    for (const slots of this.clients) slots?.forgetWorker(worker);
  }
}

function createSlots(
  config: PlacedConfig,
  listener: ListenerConfig,
  random: () => number,
): ClientSlots | undefined {
  if (listener.maxConnectionsPerIp === undefined) return undefined;
  return ClientSlots.create(clientShape(config, listener), random() * 2 ** 32);
}

function clientShape(config: PlacedConfig, { maxConnections }: ListenerConfig): ClientSlotsShape {
  return { workers: shapeOf(config).workers, maxConnections };
}
