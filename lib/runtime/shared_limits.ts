import type { Config } from "../config/types.ts";
import { ClientSlots, type ClientSlotsShape } from "../core/client_slots.ts";
import { LimitTable } from "../core/limit_table.ts";
import { shapeOf } from "./layout.ts";

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
  static create(config: Config, random: () => number): SharedLimits {
    const clients = config.listeners.map((listener) => {
      if (listener.maxConnectionsPerIp === undefined) return undefined;
      return ClientSlots.create(clientShape(config, listener), random() * 2 ** 32);
    });
    const table = LimitTable.create(shapeOf(config));
    return new SharedLimits({ table, clients }, () => performance.now());
  }

  /**
   * The same limits in another thread.
   *
   * @param now reads the clock of the thread that created them, see `sharedClock`
   */
  static wrap(config: Config, { table, clients }: LimitBuffers, now: () => number): SharedLimits {
    const slots = config.listeners.map((listener, index) => {
      const buffer = clients[index];
      return buffer && new ClientSlots(buffer, clientShape(config, listener));
    });
    return new SharedLimits({ table: new LimitTable(table, shapeOf(config)), clients: slots }, now);
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

function clientShape(
  { workers }: Config,
  { maxConnections }: Config["listeners"][number],
): ClientSlotsShape {
  return { workers, maxConnections };
}
