import { normalizePath } from "../core/request_path.ts";
import {
  compileRoute,
  type Condition,
  findMismatch,
  MAX_REGEX_PATH,
  normalizeHost,
  type RouteConditions,
  type RoutedRequest,
} from "./match.ts";
import type { Router } from "./router.ts";

/** One condition of a route, and whether a request meets it. */
export interface ConditionVerdict {
  readonly condition: Condition;
  /** What is asked for, as text. */
  readonly wanted: string;
  readonly passed: boolean;
}

/** One route that was tried on a request. */
export interface RouteVerdict {
  /** Place in the list of routes. */
  readonly index: number;
  readonly matched: boolean;
  /** The condition that decided that it does not match. */
  readonly failed?: Condition;
  readonly conditions: readonly ConditionVerdict[];
}

/**
 * The routes that are tried on a request, in order, up to the one that matches or the one that cannot
 * be decided. The verdicts are the router's own.
 */
export function explainRoutes(
  router: Router,
  routes: readonly RouteConditions[],
  request: RoutedRequest,
): RouteVerdict[] {
  const match = router.match(request);
  const verdicts: RouteVerdict[] = [];
  for (const [index, conditions] of routes.entries()) {
    const failed = router.explain(request, index);
    verdicts.push({
      index,
      matched: index === match,
      ...(failed === undefined ? {} : { failed }),
      conditions: explainConditions(conditions, request),
    });
    if (index === match || endsSearch(conditions, request)) break;
  }
  return verdicts;
}

/** Each condition by itself, judged by the function that judges them all. */
function explainConditions(
  conditions: RouteConditions,
  request: RoutedRequest,
): ConditionVerdict[] {
  const host = normalizeHost(request.host);
  const path = normalizePath(request.path);
  return oneByOne(conditions).map(({ condition, wanted, only }) => ({
    condition,
    wanted,
    passed: !isUndecidable(only, path) &&
      findMismatch(compileRoute(only, 0), request, host, path) === undefined,
  }));
}

interface Single {
  readonly condition: Condition;
  readonly wanted: string;
  readonly only: RouteConditions;
}

function oneByOne(all: RouteConditions): Single[] {
  const { host, path, pathPrefix, pathRegex, methods, headers = {}, query = {} } = all;
  const singles: (Single | undefined)[] = [
    host === undefined ? undefined : { condition: "host", wanted: host, only: { host } },
    path === undefined ? undefined : { condition: "path", wanted: path, only: { path } },
    pathPrefix === undefined
      ? undefined
      : { condition: "path_prefix", wanted: pathPrefix, only: { pathPrefix } },
    methods === undefined
      ? undefined
      : { condition: "methods", wanted: methods.join(", "), only: { methods } },
    ...Object.entries(headers).map(([name, value]): Single => {
      return {
        condition: "headers",
        wanted: `${name}: ${value}`,
        only: { headers: { [name]: value } },
      };
    }),
    ...Object.entries(query).map(([name, value]): Single => {
      return { condition: "query", wanted: `${name}=${value}`, only: { query: { [name]: value } } };
    }),
    pathRegex === undefined
      ? undefined
      : { condition: "path_regex", wanted: pathRegex, only: { pathRegex } },
  ];
  return singles.filter((single) => single !== undefined);
}

/** The router gives up at a route that it may have to take and cannot decide. */
function endsSearch(conditions: RouteConditions, request: RoutedRequest): boolean {
  const { host } = conditions;
  if (!isUndecidable(conditions, normalizePath(request.path))) return false;
  return host === undefined || host.startsWith("*.") ||
    normalizeHost(host) === normalizeHost(request.host);
}

function isUndecidable({ pathRegex }: RouteConditions, path: string): boolean {
  return pathRegex !== undefined && path.length > MAX_REGEX_PATH;
}
