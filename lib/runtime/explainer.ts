import type { ExplainQuestion } from "../admin/explain_question.ts";
import { RequestError } from "../admin/respond.ts";
import type {
  Config,
  HttpListenerConfig,
  ListenerConfig,
  RouteConfig,
  SplitShare,
  TcpListenerConfig,
} from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import { parseCidr, parseIp } from "../core/cidr.ts";
import { CidrSet } from "../core/cidr_set.ts";
import { HttpParseError } from "../http/parse_error.ts";
import type { RequestHead } from "../http/request_head.ts";
import {
  clientAddress,
  connectionKey,
  type KeyClient,
  namedValue,
  requestKey,
} from "../proxy/affinity_key.ts";
import { explainRoutes } from "../route/explain_route.ts";
import { NameMap } from "../route/name_map.ts";
import { rewritePath } from "../route/path_rewrite.ts";
import { buildRouter } from "../route/router.ts";
import { StickyTable } from "../upstream/sticky.ts";
import { admission } from "./access.ts";
import type { BackendMessage } from "./messages.ts";
import { explainUpstream, type UpstreamQuestion } from "./explain_upstream.ts";
import type { Explanation, Outcome, UpstreamExplanation } from "./explanation.ts";
import { headOf, readQuestion } from "./explain_request.ts";
import { type ShadowOptions, ShadowUpstreams } from "./shadow_upstreams.ts";

/** Says where requests go, and why, by the code that decides for clients. */
export class Explainer {
  readonly #options: ShadowOptions;
  readonly #shadows: ShadowUpstreams;
  readonly #config: Config;

  constructor(options: ShadowOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#shadows = new ShadowUpstreams(options);
  }

  /** Does what threads are told of a backend. */
  hear(message: BackendMessage): void {
    this.#shadows.hear(message);
  }

  /** @throws {RequestError} when it is no question about this configuration */
  async explain(question: ExplainQuestion): Promise<Explanation> {
    const parsed = readQuestion(question);
    const listener = this.#listenerOf(question.listener, parsed);
    if (question.client !== undefined && parseIp(question.client) === undefined) {
      throw new RequestError(400, `"client" must be an IP address: "${question.client}"`);
    }
    const place = {
      name: listener.name,
      address: formatAddress(listener.address),
      protocol: listener.protocol,
    };
    if (listener.access !== undefined && !admission(listener.access)(question.client)) {
      return { listener: place, routes: [], outcome: { kind: "close", reason: "denied" } };
    }
    if (listener.protocol === "http") {
      return { listener: place, ...await this.#explainHttp(listener, question) };
    }
    const { client } = question;
    const who = client === undefined ? {} : { client };
    const outcome = this.#explainTcp(upstreamFor(listener, parsed.hostname), client);
    return { listener: place, ...who, routes: [], outcome };
  }

  #explainTcp(name: string | undefined, client: string | undefined): Outcome {
    if (name === undefined) return { kind: "close", reason: "unknown_server_name" };
    const { hashKey } = this.#shadows.look(name).config;
    const key = connectionKey(hashKey)?.(client) ?? 0;
    const upstream = this.#ask(name, { percent: 100, key, isDrawn: false, bound: undefined });
    return { kind: "forward", upstreams: [upstream] };
  }

  async #explainHttp(
    listener: HttpListenerConfig,
    question: ExplainQuestion,
  ): Promise<Omit<Explanation, "listener">> {
    const head = tryHead(question, listener);
    if (head instanceof HttpParseError) {
      const { status, reason, message } = head;
      return { routes: [], outcome: { kind: "answer", status, reason, detail: message } };
    }
    const trusted = CidrSet.of(listener.trustedProxies.map(parseCidr));
    const peer = { address: question.client, isTrusted: (ip: string) => trusted.has(ip) };
    const client = clientAddress(peer, head);
    const matches = listener.routes.map(({ match }) => match);
    const routes = explainRoutes(buildRouter(matches), matches, head);
    const { method, host, path, query } = head;
    const route = listener.routes[routes.find(({ matched }) => matched)?.index ?? -1];
    return {
      request: { method, host, path, ...(query === undefined ? {} : { query }) },
      ...(client === undefined ? {} : { client }),
      routes,
      outcome: await this.#outcome(route, head, peer),
    };
  }

  async #outcome(
    route: RouteConfig | undefined,
    head: RequestHead,
    peer: KeyClient,
  ): Promise<Outcome> {
    if (head.method === "CONNECT") {
      return { kind: "answer", status: 405, reason: "connect_refused" };
    }
    if (route === undefined) return { kind: "answer", status: 404, reason: "no_route" };
    const { action, rewrite, access } = route;
    if (access !== undefined && !admission(access)(clientAddress(peer, head))) {
      return { kind: "answer", status: 403, reason: "denied" };
    }
    if (action.kind === "https_redirect") {
      return { kind: "answer", status: action.status, reason: "https_redirect" };
    }
    if (action.kind === "redirect") {
      const { status, location: detail } = action;
      return { kind: "answer", status, reason: "redirect", detail };
    }
    if (action.kind === "respond") {
      return { kind: "answer", status: action.status, reason: "route" };
    }
    const upstreams: UpstreamExplanation[] = [];
    for (const share of action.split) {
      const percent = percentOf(share, action.split);
      upstreams.push(await this.#askForHttp(share.upstream, percent, head, peer));
    }
    const path = rewrite === undefined ? head.path : rewritePath(head.path, rewrite);
    return { kind: "forward", path, upstreams };
  }

  async #askForHttp(
    name: string,
    percent: number,
    head: RequestHead,
    peer: KeyClient,
  ): Promise<UpstreamExplanation> {
    const { config: { hashKey, sticky }, upstream } = this.#shadows.look(name);
    const key = requestKey(hashKey, this.#options.random)?.(peer, head) ?? 0;
    const isDrawn = hashKey !== undefined && "name" in hashKey &&
      namedValue(hashKey, head) === undefined;
    const cookie = head.fields.get("cookie");
    // Without a secret of its own the process has made one, which only it knows.
    if (sticky === undefined || cookie === undefined || sticky.secret === "") {
      return this.#ask(name, { percent, key, isDrawn, bound: undefined });
    }
    const { cookie: cookieName, secret, ttlMs } = sticky;
    const backends = upstream.backends.values();
    const table = await StickyTable.create(cookieName, secret, ttlMs, backends);
    return this.#ask(name, { percent, key, isDrawn, bound: table.backendFor(cookie) });
  }

  #ask(
    name: string,
    request: Pick<UpstreamQuestion, "percent" | "key" | "isDrawn" | "bound">,
  ): UpstreamExplanation {
    const shadow = this.#shadows.look(name);
    const { zone } = this.#config;
    return explainUpstream({ ...request, shadow, shadows: this.#shadows, zone });
  }

  #listenerOf(name: string | undefined, url: ReturnType<typeof readQuestion>): ListenerConfig {
    const { listeners } = this.#config;
    const fitting = listeners.filter(({ protocol }) => protocol === url.protocol);
    if (name !== undefined) {
      const named = fitting.find((listener) => listener.name === name);
      if (named !== undefined) return named;
      throw new RequestError(
        422,
        `There is no ${url.protocol} listener "${name}": ${list(fitting)}`,
      );
    }
    const onPort = fitting.filter(({ address }) => {
      return address.kind === "tcp" && address.port === url.port;
    });
    const exact = onPort.find(({ address }) => {
      return address.kind === "tcp" && address.hostname === url.hostname;
    });
    const found = exact ?? onPort[0] ?? (fitting.length === 1 ? fitting[0] : undefined);
    if (found !== undefined) return found;
    const other = listeners.find(({ address }) => {
      return address.kind === "tcp" && address.port === url.port;
    });
    if (other !== undefined) {
      throw new RequestError(
        422,
        `Listener "${other.name}" speaks ${other.protocol}: ask ${other.protocol}://${url.authority}`,
      );
    }
    throw new RequestError(
      422,
      `No ${url.protocol} listener on port ${url.port}, name one as the listener: ${list(fitting)}`,
    );
  }
}

/** Where a connection goes; its server name is that of the URL. */
function upstreamFor({ sni, upstream }: TcpListenerConfig, name: string): string | undefined {
  if (sni === undefined) return upstream;
  const routes = sni.routes.map(({ name, upstream }) => [name, upstream] as const);
  return new NameMap(routes).find(name) ?? upstream;
}

function tryHead(
  question: ExplainQuestion,
  listener: HttpListenerConfig,
): RequestHead | HttpParseError {
  try {
    return headOf(question, listener);
  } catch (error) {
    if (error instanceof HttpParseError) return error;
    throw error;
  }
}

function percentOf({ weight }: SplitShare, split: readonly SplitShare[]): number {
  const total = split.reduce((sum, share) => sum + share.weight, 0);
  return Math.round(1000 * weight / total) / 10;
}

function list(listeners: readonly ListenerConfig[]): string {
  const names = listeners.map(({ name, address }) => `${name} on ${formatAddress(address)}`);
  return names.length === 0 ? "there are none" : `there are ${names.join(", ")}`;
}
