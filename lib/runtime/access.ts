import type { AccessConfig, HttpListenerConfig, RouteConfig } from "../config/types.ts";
import { CidrSet } from "../core/cidr_set.ts";
import { clientAddress } from "../proxy/affinity_key.ts";
import type { HttpFront, HttpRoute } from "../proxy/http_route.ts";
import { refusalTeller, type TellerOptions } from "./refusal_teller.ts";

/** Says whether a client at an IP address may come in; a Unix socket's has none. */
export type Admission = (address: string | undefined) => boolean;

/**
 * The check of an `allow` and a `deny` list. What is denied is out even if it is allowed; without an
 * `allow` list everybody else is in. O(log n) in the length of the lists.
 */
export function admission({ allow, deny }: AccessConfig): Admission {
  const allowed = allow.map((buffer) => new CidrSet(buffer));
  const denied = deny.map((buffer) => new CidrSet(buffer));
  return (address) => {
    if (address === undefined) return allowed.length === 0;
    const isIn = (set: CidrSet) => set.has(address);
    return !denied.some(isIn) && (allowed.length === 0 || allowed.some(isIn));
  };
}

/** The check of the lists of a listener's routes; absent where they have none. */
export function routeAdmission(
  options: TellerOptions & { readonly config: HttpListenerConfig },
): HttpFront["refuse"] {
  if (options.config.routes.every(({ access }) => access === undefined)) return undefined;
  const message = "Request refused: client is not allowed";
  const tell = refusalTeller(options, { counter: "denied", level: "info", message });
  return (client, head, route) => {
    if (route?.admits === undefined) return undefined;
    const address = clientAddress(client, head);
    if (route.admits(address)) return undefined;
    tell({ client: address });
    return { status: 403, reason: "denied" };
  };
}

/** The check of one route; absent where it has no lists. */
export function admissionOf({ access }: RouteConfig): Pick<HttpRoute, "admits"> {
  return access === undefined ? {} : { admits: admission(access) };
}
