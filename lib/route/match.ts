import { normalizePath } from "../core/request_path.ts";

/** What a route asks of a request: everything that is given has to hold. */
export interface RouteConditions {
  /** A name, `*.` and a name for all names below it, or an IP address; IPv6 in brackets. */
  readonly host?: string;
  /** The whole path, in the form of `normalizePath`. */
  readonly path?: string;
  /** The first segments of the path: `/v1` is `/v1`, `/v1/` and `/v1/x`, but not `/v1x`. */
  readonly pathPrefix?: string;
  /** Source of a regular expression that has to match somewhere in the path. */
  readonly pathRegex?: string;
  readonly methods?: readonly string[];
  /** Lower-case names to exact values; `*` is any value. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Decoded names to exact decoded values; `*` is any value. */
  readonly query?: Readonly<Record<string, string>>;
}

/** Fields of a request by name. */
export interface RequestFields {
  /** Value of the first field of that name. */
  get(lowerName: string): string | undefined;
}

/** What of a request decides its route. */
export interface RoutedRequest {
  readonly method: string;
  /** As the client named it: upper case, a port and a trailing dot make no difference. */
  readonly host: string;
  /** As it came, without the query; `*` in asterisk form. */
  readonly path: string;
  /** As it came, without the question mark. */
  readonly query: string | undefined;
  readonly fields: RequestFields;
}

/** One condition of a route: the first that fails tells why a request did not match. */
export type Condition = "host" | "path" | "path_prefix" | "path_regex" | "methods" | Parts;
type Parts = "headers" | "query";

/** The conditions of one route, ready for comparing. */
export interface CompiledRoute {
  /** Place in the list of routes. */
  readonly index: number;
  /** Absent for any host and for a wildcard. */
  readonly host: string | undefined;
  /** `.example.com` of `*.example.com`. */
  readonly hostSuffix: string | undefined;
  readonly path: string | undefined;
  /** Without a slash at its end, and absent when it would match everything. */
  readonly pathPrefix: string | undefined;
  readonly pathRegex: RegExp | undefined;
  readonly methods: readonly string[] | undefined;
  readonly headers: readonly Pair[];
  readonly query: readonly Pair[];
}

type Pair = readonly [name: string, value: string];

/** Longest path that a regular expression is tried on: they may take the square of its length. */
export const MAX_REGEX_PATH = 2048;

/** Makes the conditions of route `index` ready for comparing. */
export function compileRoute(conditions: RouteConditions, index: number): CompiledRoute {
  const { host, path, pathPrefix, pathRegex, methods, headers = {}, query = {} } = conditions;
  const isWildcard = host?.startsWith("*.") ?? false;
  const prefix = pathPrefix?.replace(/\/+$/, "");
  return {
    index,
    host: isWildcard || host === undefined ? undefined : normalizeHost(host),
    hostSuffix: isWildcard && host !== undefined ? normalizeHost(host.slice(1)) : undefined,
    path: path === undefined ? undefined : normalizePath(path),
    pathPrefix: prefix === undefined || prefix === "" ? undefined : normalizePath(prefix),
    pathRegex: pathRegex === undefined ? undefined : new RegExp(pathRegex, "u"),
    methods,
    headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    query: Object.entries(query),
  };
}

/**
 * The first condition that a request does not meet; `undefined` when it meets them all.
 *
 * Four arguments, because an object of them would be one more for each request.
 *
 * @param host by {@linkcode normalizeHost}
 * @param path by `normalizePath`
 */
export function findMismatch(
  route: CompiledRoute,
  request: RoutedRequest,
  host: string,
  path: string,
): Condition | undefined {
  if (route.host !== undefined && route.host !== host) return "host";
  if (route.hostSuffix !== undefined && !isBelow(host, route.hostSuffix)) return "host";
  if (route.path !== undefined && route.path !== path) return "path";
  if (route.pathPrefix !== undefined && !hasPrefix(path, route.pathPrefix)) return "path_prefix";
  if (route.methods !== undefined && !route.methods.includes(request.method)) return "methods";
  for (let at = 0; at < route.headers.length; at++) {
    const [name, value] = route.headers[at]!;
    if (!isWanted(request.fields.get(name), value)) return "headers";
  }
  for (let at = 0; at < route.query.length; at++) {
    const [name, value] = route.query[at]!;
    if (!isWanted(parameter(request.query, name), value)) return "query";
  }
  // Last, because it costs most.
  if (route.pathRegex !== undefined && !route.pathRegex.test(path)) return "path_regex";
  return undefined;
}

/** Lower case, without a port and a trailing dot. */
export function normalizeHost(host: string): string {
  if (isNormalHost(host)) return host;
  const bracket = host.lastIndexOf("]");
  const colon = host.indexOf(":", bracket + 1);
  const name = (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
  return name.endsWith(".") && name.length > 1 ? name.slice(0, -1) : name;
}

/** Does a path start with these whole segments? `prefix` has no slash at its end. */
export function hasPrefix(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || path.charCodeAt(prefix.length) === SLASH;
}

function isBelow(host: string, suffix: string): boolean {
  return host.length > suffix.length && host.endsWith(suffix);
}

function isWanted(actual: string | undefined, wanted: string): boolean {
  return actual !== undefined && (wanted === "*" || actual === wanted);
}

function isNormalHost(host: string): boolean {
  for (let at = 0; at < host.length; at++) {
    const code = host.charCodeAt(at);
    if (code === COLON || (code >= UPPER_A && code <= UPPER_A + 25)) return false;
  }
  return host.charCodeAt(host.length - 1) !== DOT;
}

/** The decoded value of the first parameter of that name, as a form would encode it. */
function parameter(query: string | undefined, name: string): string | undefined {
  if (query === undefined) return undefined;
  for (let start = 0; start <= query.length;) {
    const ampersand = query.indexOf("&", start);
    const end = ampersand < 0 ? query.length : ampersand;
    const equals = query.indexOf("=", start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    if (decode(query.slice(start, nameEnd)) === name) return decode(query.slice(nameEnd + 1, end));
    start = end + 1;
  }
  return undefined;
}

function decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Not UTF-8, or a "%" that starts no escape: it stands for itself.
    return spaced;
  }
}

const SLASH = 0x2f;
const COLON = 0x3a;
const DOT = 0x2e;
const UPPER_A = 0x41;
