import type { AdminConfig } from "../config/types.ts";
import { isLoopback } from "../config/admin_token.ts";
import { RequestError } from "./respond.ts";

/**
 * Refuses what a browser sends for a page of another site.
 *
 * A page names itself in `Origin`, and one that had its own name point here names that in `Host` (DNS
 * rebinding). An IP address in `Host` is no name that somebody could have pointed here.
 *
 * @throws {RequestError}
 */
export function refuseForeign({ headers, method }: Request, config: AdminConfig): void {
  const host = headers.get("host") ?? "";
  if (!isOwnHost(host, config)) throw new RequestError(403, "Host is foreign");
  const origin = headers.get("origin");
  if (origin !== null && !isOwnOrigin(origin, host)) {
    throw new RequestError(403, "Origin is foreign");
  }
  const site = headers.get("sec-fetch-site");
  const isForeign = site === "cross-site" || site === "same-site";
  // A link on another page may lead here: what it shows is not shown to that page.
  const isLink = method === "GET" && headers.get("sec-fetch-mode") === "navigate";
  if (isForeign && !isLink) throw new RequestError(403, "Site is foreign");
}

function isOwnHost(host: string, { address, hosts }: AdminConfig): boolean {
  const name = nameOf(`http://${host}`, host);
  if (name === undefined) return false;
  const isLocal = isLoopback(address.hostname);
  if (isLocal ? isLoopback(name) : isLoopback(name) || isIpLiteral(name)) return true;
  return [address.hostname, ...hosts].some((own) => own.toLowerCase() === name);
}

/** The same name and port; a proxy in front of Weir may speak TLS. */
function isOwnOrigin(origin: string, host: string): boolean {
  return ["http:", "https:"].some((scheme) => {
    const own = `${scheme}//${host}`;
    return URL.canParse(own) && new URL(own).origin === origin;
  });
}

/** The name in a URL that has nothing else but a port, without brackets. */
function nameOf(url: string, host: string): string | undefined {
  if (!/^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(host) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

function isIpLiteral(name: string): boolean {
  return name.includes(":") || /^\d+(\.\d+){3}$/.test(name);
}
