import { buildAccess, type ListFiles } from "./build_access.ts";
import { buildRateLimit } from "./build_rate.ts";
import { buildHttpsRedirect } from "./build_tls.ts";
import type { ListenerSettings, RouteSettings } from "./schema.ts";
import type {
  HeaderChanges,
  HttpListenerConfig,
  ListenerBase,
  RewriteConfig,
  RouteAction,
  RouteConfig,
  RouteMatch,
} from "./types.ts";

/** What an HTTP listener has and a TCP listener has not. */
export type HttpParts = Omit<HttpListenerConfig, keyof ListenerBase | "protocol" | "idleTimeoutMs">;

/** Turns the HTTP part of a listener's checked settings into configuration. */
export function buildHttp(listener: ListenerSettings, lists: ListFiles): HttpParts {
  const { limits, timeouts, upstream } = listener;
  const routes = listener.routes.map((route) => buildRoute(route, lists));
  const redirect = buildHttpsRedirect(listener);
  if (redirect !== undefined) routes.push(catchAll({ kind: "https_redirect", ...redirect }));
  if (upstream !== undefined) {
    routes.push(catchAll({ kind: "forward", split: [{ upstream, weight: 1 }] }));
  }
  return {
    routes,
    limits: {
      headBytes: limits.header_bytes,
      fieldCount: limits.header_count,
      bodyBytes: limits.body_bytes,
    },
    headerTimeoutMs: timeouts.header,
    bodyTimeoutMs: timeouts.body,
    trustedProxies: listener.trusted_proxies,
  };
}

function catchAll(action: RouteAction): RouteConfig {
  return {
    match: {},
    action,
    requestHeaders: { remove: [], set: [], add: [] },
    responseHeaders: { remove: [], set: [], add: [] },
  };
}

function buildRoute(route: RouteSettings, lists: ListFiles): RouteConfig {
  const rewrite = buildRewrite(route.rewrite);
  return {
    match: buildMatch(route.match),
    action: buildAction(route),
    ...(rewrite === undefined ? {} : { rewrite }),
    requestHeaders: buildChanges(route.request_headers),
    responseHeaders: buildChanges(route.response_headers),
    ...(route.timeout === undefined ? {} : { timeoutMs: route.timeout }),
    ...buildRateLimit(route.rate_limit),
    ...buildAccess(route, lists),
  };
}

function buildMatch(match: RouteSettings["match"]): RouteMatch {
  const { host, path, path_prefix, path_regex, methods, headers, query } = match;
  const named = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    ...(host === undefined ? {} : { host }),
    ...(path === undefined ? {} : { path }),
    ...(path_prefix === undefined ? {} : { pathPrefix: path_prefix }),
    ...(path_regex === undefined ? {} : { pathRegex: path_regex }),
    ...(methods === undefined ? {} : { methods: [...new Set(methods)] }),
    ...(named.length === 0 ? {} : { headers: Object.fromEntries(named) }),
    ...(query === undefined || Object.keys(query).length === 0 ? {} : { query: { ...query } }),
  };
}

function buildAction({ upstream, split, redirect, respond }: RouteSettings): RouteAction {
  if (redirect !== undefined) {
    return { kind: "redirect", status: redirect.status, location: redirect.location };
  }
  if (respond !== undefined) {
    const { status, body, content_type: contentType } = respond;
    return { kind: "respond", status, body, contentType };
  }
  const shares = split ?? (upstream === undefined ? {} : { [upstream]: 1 });
  const entries = Object.entries(shares).filter(([, weight]) => weight > 0);
  return { kind: "forward", split: entries.map(([name, weight]) => ({ upstream: name, weight })) };
}

function buildRewrite(rewrite: RouteSettings["rewrite"]): RewriteConfig | undefined {
  const { strip_prefix, add_prefix } = rewrite ?? {};
  if (strip_prefix === undefined && add_prefix === undefined) return undefined;
  return {
    ...(strip_prefix === undefined ? {} : { stripPrefix: strip_prefix }),
    ...(add_prefix === undefined ? {} : { addPrefix: add_prefix }),
  };
}

/** Names that are only looked up are in lower case; those that are sent stay as they are written. */
function buildChanges({ remove, set, add }: RouteSettings["request_headers"]): HeaderChanges {
  return {
    remove: remove.map((name) => name.toLowerCase()),
    set: Object.entries(set),
    add: Object.entries(add),
  };
}
