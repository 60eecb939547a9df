import type { AdminTarget } from "./target.ts";
import { RequestError } from "./respond.ts";

/** A request that was let in. */
export interface AdminCall {
  readonly request: Request;
  /** Parameters of the path by name, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly target: AdminTarget;
  /** The JSON value that the request carries. @throws {RequestError} */
  readonly body: () => Promise<unknown>;
  /** IP address of the peer. */
  readonly peer: string;
}

/** What the admin interface does for one method and path. */
export interface AdminRoute {
  /** `GET` stands for `HEAD` too. Only the others may change anything. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `{name}` is one segment of any text. */
  readonly path: string;
  /** No token is needed. */
  readonly isOpen?: true;
  readonly handle: (call: AdminCall) => Response | Promise<Response>;
}

/** The route of a request, with what its path says. */
export interface RouteFound {
  readonly route: AdminRoute;
  readonly params: Readonly<Record<string, string>>;
}

interface CompiledPath {
  readonly route: AdminRoute;
  readonly segments: readonly string[];
}

/** Finds routes by method and path. */
export class AdminRouter {
  readonly #paths: readonly CompiledPath[];

  constructor(routes: readonly AdminRoute[]) {
    this.#paths = routes.map((route) => ({ route, segments: route.path.split("/") }));
  }

  /** The route, or why there is none: there is no such path, or it does not take the method. */
  find(method: string, path: string): RouteFound | RequestError {
    const segments = path.split("/");
    const found = this.#paths.flatMap((compiled) => {
      const params = match(compiled.segments, segments);
      return params === undefined ? [] : [{ route: compiled.route, params }];
    });
    if (found.length === 0) return new RequestError(404, "Not found");
    const wanted = method === "HEAD" ? "GET" : method;
    const fitting = found.find(({ route }) => route.method === wanted);
    if (fitting !== undefined) return fitting;
    const allowed = found.flatMap(({ route }) => {
      return route.method === "GET" ? ["GET", "HEAD"] : [route.method];
    });
    const allow = [...new Set(allowed)].join(", ");
    return new RequestError(405, `Method must be one of ${allow}`, { allow });
  }
}

function match(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: [string, string][] = [];
  for (const [place, wanted] of pattern.entries()) {
    const segment = segments[place] ?? "";
    const name = /^\{(\w+)\}$/.exec(wanted)?.[1];
    if (name === undefined) {
      if (segment !== wanted) return undefined;
      continue;
    }
    const value = decode(segment);
    if (value === undefined || value === "") return undefined;
    params.push([name, value]);
  }
  return Object.fromEntries(params);
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Escapes that are no UTF-8: nothing has such a name.
    return undefined;
  }
}
