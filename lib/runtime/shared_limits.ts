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

  private constructor(table: LimitTable, clients: readonly (ClientSlots | undefined)[]) {
    this.table = table;
    this.clients = clients;
  }

  /** @param random uniform in [0, 1) */
  static create(config: Config, random: () => number): SharedLimits {
    const clients = config.listeners.map((listener) => {
      if (listener.maxConnectionsPerIp === undefined) return undefined;
      return ClientSlots.create(clientShape(config, listener), random() * 2 ** 32);
    });
    return new SharedLimits(LimitTable.create(shapeOf(config)), clients);
  }

  /** The same limits in another thread. */
  static wrap(config: Config, { table, clients }: LimitBuffers): SharedLimits {
    const slots = config.listeners.map((listener, index) => {
      const buffer = clients[index];
      return buffer && new ClientSlots(buffer, clientShape(config, listener));
    });
    return new SharedLimits(new LimitTable(table, shapeOf(config)), slots);
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

/** One clock for all threads: milliseconds since 1970, but monotonic within each. */
export function sharedNowMs(): number {
  return performance.timeOrigin + performance.now();
}
