import type { AccessSink } from "../access/record.ts";
import type { Logger } from "../core/log.ts";
import type { SharedTable } from "../core/shared_table.ts";
import type { Backend, Upstream } from "../core/types.ts";
import type { LinkMeter, ListenerMeter, ThreadMeters } from "../metrics/meters.ts";
import type { Aborters } from "../net/aborters.ts";
import type { BufferPool } from "../net/buffers.ts";
import type { SpliceOptions } from "../net/splice.ts";
import type { Timeouts } from "../net/timeouts.ts";
import type { Transport } from "../net/transport.ts";
import type { ConnectionKey } from "./affinity_key.ts";
import type { Opening } from "./opening.ts";
import type { WaitingRoom } from "./waiting_room.ts";
import type { WarmConn } from "./warm_conn.ts";

/** Everything that one listener's connections need, resolved when it is built. */
export interface TcpRoute {
  /** Name of the listener, for logs. */
  readonly listener: string;
  /** Place of the listener's cells in the table. */
  readonly index: number;
  readonly meter: ListenerMeter;
  readonly upstream: Upstream;
  /** Of what goes from this listener to the upstream. */
  readonly link: LinkMeter;
  /** Absent where backends take as much work as comes. */
  readonly room?: WaitingRoom;
  /** Absent where the algorithm goes by no key. */
  readonly key: ConnectionKey | undefined;
  readonly connectTimeoutMs: number;
  /** How connections to backends begin; absent: with what clients send. */
  readonly opening?: Opening;
  /** Further backends tried when one cannot be connected to. */
  readonly retryAttempts: number;
  readonly splice: SpliceOptions;
  /** Takes a connection that was opened ahead of need; absent when none are. */
  readonly takeWarm?: (backend: Backend) => WarmConn | undefined;
  /** Says whether a client's connection is over a rate limit; absent where there is none. */
  readonly isOverRate?: (address: string | undefined) => boolean;
  /** Told of each connection when it has ended; absent where there is no access log. */
  readonly access?: AccessSink;
  readonly thread: ThreadParts;
}

/** What all listeners of one thread share. */
export interface ThreadParts {
  readonly transport: Transport;
  readonly buffers: BufferPool;
  readonly aborters: Aborters;
  readonly timeouts: Timeouts;
  readonly table: SharedTable;
  readonly meters: ThreadMeters;
  /** Slot of this thread in the table. */
  readonly worker: number;
  /** Monotonic milliseconds, as fine as they come; for what is measured. */
  readonly now: () => number;
  readonly log: Logger;
}
