import type { UpstreamConfig } from "../config/types.ts";
import type { Timeouts } from "../net/timeouts.ts";
import { RoomCaller, WaitingRoom } from "../proxy/waiting_room.ts";
import type { Gate } from "../upstream/gate.ts";
import { SlotGate } from "../upstream/slot_gate.ts";
import { type SharedLimits, sharedNowMs } from "./shared_limits.ts";

/** What gates are built from. */
export interface GateDeps {
  readonly limits: SharedLimits;
  /** Slot of this thread in the tables. */
  readonly worker: number;
  readonly timeouts: Timeouts;
}

/** What holds an upstream's backends off beside their health. */
export interface UpstreamGates {
  readonly gates: readonly Gate[];
  /** Where work waits for those that have too much; absent where none can have. */
  readonly room: WaitingRoom | undefined;
}

/** Builds the gates of one thread. */
export class GateBuilder implements Disposable {
  readonly #deps: GateDeps;
  readonly #caller: RoomCaller;

  constructor(deps: GateDeps) {
    this.#deps = deps;
    this.#caller = new RoomCaller(deps.limits.table, deps.worker);
  }

  /** @param index place of the upstream's cells in the tables */
  build(config: UpstreamConfig, index: number): UpstreamGates {
    const { limits: { table }, worker } = this.#deps;
    const isShared = config.backends.some(({ maxConnections }) => maxConnections !== undefined);
    if (!isShared) return { gates: [], room: undefined };
    const room = this.#buildRoom(config, index);
    // The room comes last: who leaves has given back everything by then.
    return { gates: [new SlotGate(table, worker), room], room };
  }

  [Symbol.dispose](): void {
    this.#caller[Symbol.dispose]();
  }

  #buildRoom({ queue }: UpstreamConfig, index: number): WaitingRoom {
    const { limits: { table }, worker, timeouts } = this.#deps;
    const room = new WaitingRoom(
      {
        queue,
        table,
        worker,
        upstream: index,
        isShared: true,
        isInTurn: true,
        timeouts,
        now: sharedNowMs,
      },
      () => this.#caller.listen(),
    );
    this.#caller.add(room);
    return room;
  }
}
