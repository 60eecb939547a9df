import type { SharedTable } from "../core/shared_table.ts";
import { SharedBackend } from "../upstream/backend.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";
import type { PlacedBackend } from "./layout.ts";
import type { BackendMessage } from "./messages.ts";

/** Makes a backend a member of its upstream, as well as the tables say it is. */
export function addMember(
  upstream: BalancedUpstream,
  { spec, index }: PlacedBackend,
  table: SharedTable,
): void {
  upstream.addServer(new SharedBackend(spec, index, table));
  // Who comes late finds in the table what the checks have seen so far.
  if (!table.isUp(index)) upstream.setHealth(spec.id, false);
  upstream.noteEjection(spec.id);
}

/** Does what the supervisor says of a member. */
export function tellMember(upstream: BalancedUpstream, id: string, message: BackendMessage): void {
  switch (message.type) {
    case "health":
      return upstream.setHealth(id, message.available);
    case "ejection":
      return upstream.noteEjection(id);
    case "warm_up":
      return upstream.warmUp(id);
    case "override":
      upstream.setWeight(id, message.weight);
      upstream.setState(id, message.state);
  }
}
