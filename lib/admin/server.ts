import type { AdminConfig } from "../config/types.ts";
import type { Logger } from "../core/log.ts";
import { EXPOSITION_TYPE } from "../metrics/exposition.ts";

/** What the admin listener tells about. */
export interface AdminOptions {
  readonly config: AdminConfig;
  readonly isReady: () => boolean;
  /** The status as plain data. */
  readonly status: () => unknown;
  /** The page for Prometheus. */
  readonly metrics: () => string;
  readonly log: Logger;
}

/** The admin listener, open. */
export interface AdminServer {
  stop(): Promise<void>;
}

/** Opens the admin listener. @throws {Error} of the system when it cannot */
export function startAdmin(options: AdminOptions): AdminServer {
  return new AdminListener(options);
}

/** Running out of file descriptors ends `Deno.serve` for good: this one is then opened again. */
class AdminListener implements AdminServer {
  readonly #options: AdminOptions;
  #server: Deno.HttpServer;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#server = this.#open();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    // A client that does not read its answer would hold the process for as long as it likes.
    const late = Promise.withResolvers<void>();
    const deadline = setTimeout(late.resolve, STOP_MS);
    await Promise.race([this.#server.shutdown(), late.promise]);
    clearTimeout(deadline);
  }

  #open(): Deno.HttpServer {
    const { hostname, port } = this.#options.config.address;
    const server = Deno.serve({ hostname, port, onListen: () => {} }, (request) => {
      return answer(request, this.#options);
    });
    const reopen = () => this.#onEnd();
    server.finished.then(reopen, reopen);
    return server;
  }

  #onEnd(): void {
    if (this.#stopped) return;
    const message = "Admin listener broke down and is opened again";
    this.#options.log.write({ level: "warning", message, fields: {} });
    this.#reopenLater();
  }

  #reopenLater(): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.#reopen(), REOPEN_MS);
  }

  #reopen(): void {
    try {
      this.#server = this.#open();
    } catch {
      // Still none free: another try follows.
      this.#reopenLater();
    }
  }
}

const REOPEN_MS = 500;
/** Answers under way have this long to go out when the listener stops. */
const STOP_MS = 1000;

/** The answer to one request. */
export function answer(request: Request, options: AdminOptions): Response {
  if (!isFromHere(request)) return text(403, "Host or Origin is foreign");
  const route = ROUTES[new URL(request.url).pathname];
  if (route === undefined) return text(404, "Not found");
  if (request.method !== "GET" && request.method !== "HEAD") {
    return text(405, "Use GET", { allow: "GET, HEAD" });
  }
  return route(options);
}

const ROUTES: Readonly<Record<string, (options: AdminOptions) => Response>> = {
  "/healthz": () => text(200, "alive"),
  "/readyz": ({ isReady }) => isReady() ? text(200, "ready") : text(503, "not ready"),
  "/metrics": ({ metrics }) =>
    new Response(metrics(), { headers: { ...COMMON_HEADERS, "content-type": EXPOSITION_TYPE } }),
  "/api/v1/status": ({ status }) => Response.json(status(), { headers: COMMON_HEADERS }),
};

/**
 * The listener is on loopback, which any page in a browser on this machine can reach. A page of
 * another site names itself in `Origin`, and one that had its own name point here names that in
 * `Host` (DNS rebinding).
 */
function isFromHere(request: Request): boolean {
  const origin = request.headers.get("origin");
  return isLoopback(`http://${request.headers.get("host") ?? ""}`) &&
    (origin === null || isLoopback(origin));
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

const COMMON_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(`${body}\n`, {
    status,
    headers: { ...COMMON_HEADERS, "content-type": "text/plain; charset=utf-8", ...headers },
  });
}
