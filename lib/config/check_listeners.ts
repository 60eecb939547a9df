import { nearest } from "../core/suggest.ts";
import { checkFront, hasSniRoutes } from "./check_front.ts";
import { checkRoute } from "./check_routes.ts";
import { checkTls } from "./check_tls.ts";
import type { Item } from "./items.ts";
import { type Finding, type Path, showValue } from "./problem.ts";
import { isRecord } from "./substitute.ts";
import { NAME_PATTERN } from "./values.ts";

/** Keys that mean nothing to a listener that carries bytes. */
const HTTP_KEYS: readonly Path[] = [
  ["routes"],
  ["limits", "header_bytes"],
  ["limits", "header_count"],
  ["limits", "body_bytes"],
  ["timeouts", "body"],
];

/** Finds what does not fit together in listeners: protocols, routes and names of upstreams. */
export function checkListeners(
  listeners: readonly Item[],
  upstreams: ReadonlySet<string>,
): Finding[] {
  return listeners.flatMap((listener) => {
    const routes = routesOf(listener);
    return [
      ...checkProtocol(listener, routes),
      ...checkFront(listener, upstreams),
      ...checkTls(listener),
      ...routes.flatMap(checkRoute),
      ...[listener, ...routes].flatMap((item) => checkReferences(item, upstreams)),
    ];
  });
}

/** The routes of a listener that are mappings. */
export function routesOf({ source, path, value: { routes } }: Item): Item[] {
  if (!Array.isArray(routes)) return [];
  return routes.flatMap((route: unknown, index) => {
    return isRecord(route) ? [{ source, path: [...path, "routes", index], value: route }] : [];
  });
}

function checkProtocol(listener: Item, routes: readonly Item[]): Finding[] {
  const { source, path, value } = listener;
  const { protocol = "tcp", upstream } = value;
  if (protocol === "tcp") {
    const foreign = HTTP_KEYS.filter((keys) => has(value, keys)).map((keys): Finding => {
      const message = 'is for HTTP only: must stand in a listener with "protocol: http"';
      return { source, path: [...path, ...keys], at: "key", message };
    });
    foreign.push(...checkTcpRateKey(listener));
    if (upstream !== undefined || hasSniRoutes(listener)) return foreign;
    const message = "is required: must be the name of an upstream";
    return [...foreign, { source, path: [...path, "upstream"], message }];
  }
  if (protocol !== "http" || upstream !== undefined || routes.length > 0) return [];
  if (![undefined, false, "false"].some((off) => off === value["https_redirect"])) return [];
  // A list of what are no routes is reported for that alone.
  if (Array.isArray(value["routes"]) ? value["routes"].length > 0 : has(value, ["routes"])) {
    return [];
  }
  return [{ source, path, message: "must have an upstream or at least one route" }];
}

/** A stream of bytes has no header to go by. */
function checkTcpRateKey({ source, path, value: { rate_limit: limit } }: Item): Finding[] {
  const key = isRecord(limit) ? limit["key"] : undefined;
  if (typeof key !== "string" || key === "client_ip") return [];
  const message = "must be client_ip, because this is a TCP listener: " +
    `current value is ${showValue(key)}`;
  return [{ source, path: [...path, "rate_limit", "key"], message }];
}

function has(value: unknown, keys: Path): boolean {
  const [key, ...rest] = keys;
  if (key === undefined) return true;
  return isRecord(value) && Object.hasOwn(value, key) && has(value[key], rest);
}

/** A listener and a route name upstreams in the same way. */
function checkReferences({ source, path, value }: Item, names: ReadonlySet<string>): Finding[] {
  const { upstream, split } = value;
  const explain = (name: string) => {
    const meant = nearest(name, names);
    const hint = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
    return `must be the name of an upstream${hint}: current value is ${showValue(name)}`;
  };
  const findings: Finding[] = [];
  if (typeof upstream === "string" && NAME_PATTERN.test(upstream) && !names.has(upstream)) {
    findings.push({ source, path: [...path, "upstream"], message: explain(upstream) });
  }
  for (const name of isRecord(split) ? Object.keys(split) : []) {
    if (names.has(name)) continue;
    findings.push({ source, path: [...path, "split", name], at: "key", message: explain(name) });
  }
  return findings;
}
