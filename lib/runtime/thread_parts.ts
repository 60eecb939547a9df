import { inCategory } from "../core/log.ts";
import { Aborters } from "../net/aborters.ts";
import { BufferPool } from "../net/buffers.ts";
import type { Timeouts } from "../net/timeouts.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import type { DataPlaneDeps } from "./data_plane.ts";

/** Makes what all listeners of one thread share. */
export function createThread(deps: DataPlaneDeps, timeouts: Timeouts): ThreadParts {
  const { table, metrics, worker, transport, now, log } = deps;
  return {
    table,
    meters: metrics.metersOf(worker),
    worker,
    transport,
    now,
    log: inCategory(log, "proxy"),
    aborters: new Aborters(),
    buffers: new BufferPool(),
    timeouts,
  };
}
