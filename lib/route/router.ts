import { normalizePath } from "../core/request_path.ts";
import {
  type CompiledRoute,
  compileRoute,
  type Condition,
  findMismatch,
  MAX_REGEX_PATH,
  normalizeHost,
  type RouteConditions,
  type RoutedRequest,
} from "./match.ts";

/**
 * Builds the router of one listener. The first route that matches wins.
 *
 * @throws {SyntaxError} when a regular expression is none
 */
export function buildRouter(routes: readonly RouteConditions[]): Router {
  return new Router(routes.map(compileRoute));
}

/** Finds the route of a request. */
export class Router {
  readonly #routes: readonly CompiledRoute[];
  /** Routes by their one host, so that a thousand virtual hosts cost what one does. */
  readonly #byHost = new Map<string, CompiledRoute[]>();
  /** Routes for any host or a wildcard. */
  readonly #others: CompiledRoute[] = [];
  readonly #comparesPaths: boolean;

  constructor(routes: readonly CompiledRoute[]) {
    this.#routes = routes;
    this.#comparesPaths = routes.some(comparesPath);
    for (const route of routes) {
      if (route.host === undefined) this.#others.push(route);
      else this.#addByHost(route.host, route);
    }
  }

  /** Place of the first route that matches; -1 when none does. */
  match(request: RoutedRequest): number {
    const host = normalizeHost(request.host);
    const path = this.#pathOf(request);
    const own = this.#byHost.get(host) ?? NONE;
    const others = this.#others;
    let nextOwn = 0;
    let nextOther = 0;
    // Both lists are in order: the next candidate is the head that comes first.
    while (nextOwn < own.length || nextOther < others.length) {
      const takesOwn = nextOther >= others.length ||
        (nextOwn < own.length && own[nextOwn]!.index < others[nextOther]!.index);
      const route = takesOwn ? own[nextOwn++]! : others[nextOther++]!;
      // Undecided is no match, but going on could let the request past a route that forbids it.
      if (isUndecidable(route, path)) return -1;
      if (findMismatch(route, request, host, path) === undefined) return route.index;
    }
    return -1;
  }

  /** Why route `index` does not match: its first condition that fails; `undefined` when it does. */
  explain(request: RoutedRequest, index: number): Condition | undefined {
    const route = this.#routes[index];
    if (route === undefined) throw new RangeError(`Cannot explain route ${index}: there is none`);
    const path = this.#pathOf(request);
    if (isUndecidable(route, path)) return "path_regex";
    return findMismatch(route, request, normalizeHost(request.host), path);
  }

  #pathOf({ path }: RoutedRequest): string {
    return this.#comparesPaths ? normalizePath(path) : path;
  }

  #addByHost(host: string, route: CompiledRoute): void {
    const routes = this.#byHost.get(host);
    if (routes === undefined) this.#byHost.set(host, [route]);
    else routes.push(route);
  }
}

const NONE: readonly CompiledRoute[] = [];

function comparesPath({ path, pathPrefix, pathRegex }: CompiledRoute): boolean {
  return path !== undefined || pathPrefix !== undefined || pathRegex !== undefined;
}

function isUndecidable(route: CompiledRoute, path: string): boolean {
  return route.pathRegex !== undefined && path.length > MAX_REGEX_PATH;
}
