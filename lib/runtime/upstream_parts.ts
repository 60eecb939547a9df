import type { HttpListenerConfig, UpstreamConfig } from "../config/types.ts";
import type { WaitingRoom } from "../proxy/waiting_room.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";

/** One upstream of one thread, as its listeners share it. */
export interface UpstreamParts {
  readonly config: UpstreamConfig;
  readonly upstream: BalancedUpstream;
  /** Absent where backends take as much work as comes. */
  readonly room: WaitingRoom | undefined;
}

/** Names of the upstreams that a listener's routes lead to. */
export function upstreamsOf({ routes }: HttpListenerConfig): Set<string> {
  const splits = routes.flatMap(({ action }) => action.kind === "forward" ? action.split : []);
  return new Set(splits.map(({ upstream }) => upstream));
}
