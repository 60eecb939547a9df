import { parseCidr } from "../core/cidr.ts";
import { CidrSet } from "../core/cidr_set.ts";
import type { ListenerSettings, RouteSettings } from "./schema.ts";
import { serverName } from "./server_name.ts";
import type { ListenerBase, RouteConfig, SniConfig } from "./types.ts";

/** Address lists from files, by path as it is written. */
export type ListFiles = ReadonlyMap<string, SharedArrayBuffer>;

/** The `access` of a listener or a route. */
export function buildAccess(
  { allow, allow_file, deny, deny_file }: ListenerSettings | RouteSettings,
  lists: ListFiles,
): Pick<RouteConfig, "access"> {
  const access = {
    allow: setsOf(allow, allow_file, lists),
    deny: setsOf(deny, deny_file, lists),
  };
  return access.allow.length + access.deny.length === 0 ? {} : { access };
}

function setsOf(
  inline: readonly string[],
  file: string | undefined,
  lists: ListFiles,
): SharedArrayBuffer[] {
  const own = inline.length === 0 ? [] : [CidrSet.of(inline.map(parseCidr)).buffer];
  const read = file === undefined ? undefined : lists.get(file);
  return read === undefined ? own : [...own, read];
}

/** What stands at the start of a listener's connections. */
export function buildProxyProtocol(
  { proxy_protocol, trusted_proxies: trusted, timeouts }: ListenerSettings,
): Pick<ListenerBase, "proxyProtocol"> {
  return proxy_protocol ? { proxyProtocol: { trusted, timeoutMs: timeouts.header } } : {};
}

/** Where the TLS connections of a listener go; absent where it does not look for names. */
export function buildSni({ sni_routes, timeouts }: ListenerSettings): { sni?: SniConfig } {
  const routes = Object.entries(sni_routes ?? {}).map(([name, upstream]) => {
    return { name: serverName(name) ?? name, upstream };
  });
  return routes.length === 0 ? {} : { sni: { routes, timeoutMs: timeouts.header } };
}
