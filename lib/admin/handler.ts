import { messageOf } from "../core/errors.ts";
import { Access } from "./access.ts";
import { adminRoutes } from "./api.ts";
import { refuseForeign } from "./origin.ts";
import { readJson } from "./read_body.ts";
import { harden, refusal, RequestError } from "./respond.ts";
import { AdminRouter, type RouteFound } from "./router.ts";
import type { AdminOptions } from "./server.ts";

/** Answers the requests to the admin interface. */
export class AdminHandler {
  readonly #options: AdminOptions;
  readonly #access: Access;
  readonly #router: AdminRouter;

  constructor(options: AdminOptions) {
    this.#options = options;
    const { token, clock, config: { address } } = options;
    this.#access = new Access({
      token,
      now: () => clock.now(),
      cookieName: `weir_admin_${address.port}`,
    });
    this.#router = new AdminRouter(adminRoutes(this.#access, options.events));
  }

  /**
   * The answer to one request. Never rejects.
   *
   * @param peer IP address that it comes from
   */
  async answer(request: Request, peer: string): Promise<Response> {
    try {
      return harden(await this.#answer(request, peer));
    } catch (error) {
      if (error instanceof RequestError) return harden(refusal(error));
      const fields = { error: messageOf(error), path: request.url };
      this.#options.log.write({ level: "error", message: "Admin request failed", fields });
      return harden(refusal(new RequestError(500, "Internal error: the log says more")));
    }
  }

  async #answer(request: Request, peer: string): Promise<Response> {
    const { config, target, clock } = this.#options;
    refuseForeign(request, config);
    const { pathname, searchParams: query } = new URL(request.url);
    const { route, params } = await this.#find(request, pathname, peer);
    const body = () => readJson(request, clock);
    const response = await route.handle({ request, params, query, target, body, peer });
    if (request.method !== "HEAD" || response.body === null) return response;
    // Not left to the server: an endless body has to end.
    await response.body.cancel();
    return new Response(null, response);
  }

  /** Who may not come in is not told what there is either. */
  async #find(request: Request, path: string, peer: string): Promise<RouteFound> {
    const found = this.#router.find(request.method, path);
    const isOpen = !(found instanceof RequestError) && found.route.isOpen === true;
    if (!isOpen) await this.#access.check(request, peer);
    if (found instanceof RequestError) throw found;
    return found;
  }
}
