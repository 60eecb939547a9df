import type { UpstreamConfig } from "../config/types.ts";
import type { ThreadMeters } from "../metrics/meters.ts";
import type { Timeouts } from "../net/timeouts.ts";
import { RoomCaller, WaitingRoom, type WaitingRoomOptions } from "../proxy/waiting_room.ts";
import { capacityGates } from "../upstream/capacity_gates.ts";
import type { Gate } from "../upstream/gate.ts";
import type { SharedLimits } from "./shared_limits.ts";

/** What gates are built from. */
export interface GateDeps {
  readonly limits: SharedLimits;
  /** Slot of this thread in the tables. */
  readonly worker: number;
  readonly timeouts: Timeouts;
  readonly meters: ThreadMeters;
  /** Uniform in [0, 1). */
  readonly random: () => number;
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
    const { limits: { table }, worker, random } = this.#deps;
    const { gates, isShared } = capacityGates(config, { table, upstream: index, worker, random });
    if (gates.length === 0) return { gates, room: undefined };
    // A thread whose own limit is reached has no use for its turn.
    const isInTurn = isShared && config.concurrency === undefined;
    const room = this.#buildRoom(config, { upstream: index, isShared, isInTurn });
    // The room comes last: who leaves has given back everything by then.
    return { gates: [...gates, room], room };
  }

  /** Nobody will wait there any more. */
  close(room: WaitingRoom): void {
    this.#caller.remove(room);
  }

  [Symbol.dispose](): void {
    this.#caller[Symbol.dispose]();
  }

  #buildRoom(
    { queue }: UpstreamConfig,
    kind: Pick<WaitingRoomOptions, "upstream" | "isShared" | "isInTurn">,
  ): WaitingRoom {
    const { limits: { table, now }, worker, timeouts, meters } = this.#deps;
    const onWaited = (waitMs: number) => meters.waited(kind.upstream, waitMs);
    const options = { ...kind, queue, table, worker, timeouts, now, onWaited };
    const room = new WaitingRoom(options, () => this.#caller.listen());
    this.#caller.add(room);
    return room;
  }
}
