import type {
  HeaderChanges,
  HttpListenerConfig,
  RouteAction,
  RouteConfig,
  SplitShare,
} from "../config/types.ts";
import type { AccessSink } from "../access/record.ts";
import { LogThrottle } from "../core/log.ts";
import { parseCidr } from "../core/cidr.ts";
import { CidrSet } from "../core/cidr_set.ts";
import { DEFAULT_HEAD_LIMITS } from "../http/limits.ts";
import type { ForwardAction, HttpFront, HttpRoute, HttpUpstream } from "../proxy/http_route.ts";
import { httpsRedirect } from "../proxy/https_redirect.ts";
import type { LocalAnswer } from "../proxy/local_answer.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import type { Tracer } from "../tracing/tracer.ts";
import { buildRouter } from "../route/router.ts";
import { admissionOf, routeAdmission } from "./access.ts";
import type { RateLimits } from "./rate_limits.ts";

/** What an HTTP listener is built from. */
export interface HttpFrontOptions {
  readonly config: HttpListenerConfig;
  /** Place of the listener's cells in the shared table. */
  readonly index: number;
  readonly upstreams: ReadonlyMap<string, HttpUpstream>;
  readonly thread: ThreadParts;
  /** The rate limits of the thread; absent where the configuration has none. */
  readonly rates?: RateLimits | undefined;
  /** Absent where there is no access log. */
  readonly access?: AccessSink | undefined;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Resolves everything that a listener's requests will need. */
export function buildHttpFront(options: HttpFrontOptions): HttpFront {
  const { config, index, thread } = options;
  const routes = config.routes.map((route) => buildRoute(route, options));
  const router = buildRouter(config.routes.map(({ match }) => match));
  const trusted = CidrSet.of(config.trustedProxies.map(parseCidr));
  const refusals = [
    routeAdmission({ config, index, thread }),
    options.rates?.refusal(config, index, thread),
  ];
  const refuse = firstOf(refusals.filter((refusal) => refusal !== undefined));
  return {
    listener: config.name,
    index,
    meter: thread.meters.listener(index),
    thread,
    route: (request) => routes[router.match(request)],
    ...(refuse === undefined ? {} : { refuse }),
    limits: config.limits,
    headLimits: {
      ...DEFAULT_HEAD_LIMITS,
      headBytes: config.limits.headBytes,
      fieldCount: config.limits.fieldCount,
    },
    headerTimeoutMs: config.headerTimeoutMs,
    bodyTimeoutMs: config.bodyTimeoutMs,
    idleTimeoutMs: config.idleTimeoutMs,
    tunnelTimeoutMs: config.tunnelTimeoutMs,
    isTrusted: (address) => trusted.has(address),
    nextRequestId: requestIds(options.random),
    ...(config.tls === undefined ? {} : { scheme: "https" as const }),
    ...(config.tls?.hsts === undefined ? {} : { hsts: config.tls.hsts }),
    onNoBackend: noBackendTeller(options),
    onOverload: overloadTeller(options),
    onCut: cutTeller(options),
    ...(options.access && { access: options.access }),
    ...(options.tracer && { tracer: options.tracer }),
  };
}

function noBackendTeller({ config, index, thread }: HttpFrontOptions): HttpFront["onNoBackend"] {
  const throttle = new LogThrottle();
  return (upstream, reason = "no_backend") => {
    thread.table.countListener(thread.worker, index, "noBackend");
    const suppressed = throttle.admit(thread.timeouts.nowMs);
    if (suppressed === undefined) return;
    thread.log.write({
      level: "warning",
      message: "Request refused: no backend available",
      fields: { listener: config.name, upstream, reason, suppressed },
    });
  };
}

function overloadTeller({ config, index, thread }: HttpFrontOptions): HttpFront["onOverload"] {
  const throttle = new LogThrottle();
  return (upstream, reason) => {
    const counter = reason === "queue_full" ? "queueFull" : "queueTimeouts";
    thread.table.countListener(thread.worker, index, counter);
    const suppressed = throttle.admit(thread.timeouts.nowMs);
    if (suppressed === undefined) return;
    thread.log.write({
      level: "warning",
      message: "Request refused: every backend has as much work as it may have",
      fields: { listener: config.name, upstream, reason, suppressed },
    });
  };
}

function cutTeller({ config, index, thread }: HttpFrontOptions): HttpFront["onCut"] {
  const throttle = new LogThrottle();
  return (upstream, backend, { fault: reason, message: error }) => {
    thread.table.countListener(thread.worker, index, "answersCut");
    const suppressed = throttle.admit(thread.timeouts.nowMs);
    if (suppressed === undefined) return;
    thread.log.write({
      level: "warning",
      message: "Answer cut short: backend did not end it",
      fields: { listener: config.name, upstream, backend, reason, error, suppressed },
    });
  };
}

function buildRoute(route: RouteConfig, options: HttpFrontOptions): HttpRoute {
  const { requestHeaders, timeoutMs } = route;
  const responseHeaders = withHsts(route.responseHeaders, options.config.tls?.hsts);
  const action = buildAction(route, options);
  const rateLimit = options.rates?.guard(route.rateLimit);
  const access = admissionOf(route);
  return { action, requestHeaders, responseHeaders, timeoutMs, rateLimit, ...access };
}

/** What refuses a request if one of them does; absent where there are none. */
function firstOf(refusals: readonly NonNullable<HttpFront["refuse"]>[]): HttpFront["refuse"] {
  const [only] = refusals;
  if (refusals.length <= 1) return only;
  return (client, head, route) => {
    for (const refuse of refusals) {
      const answer = refuse(client, head, route);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
}

/** RFC 6797 section 7.1: one field at most, so what a backend says of it gives way. */
function withHsts(changes: HeaderChanges, hsts: string | undefined): HeaderChanges {
  if (hsts === undefined) return changes;
  return { ...changes, set: [["Strict-Transport-Security", hsts], ...changes.set] };
}

function buildAction(route: RouteConfig, options: HttpFrontOptions): HttpRoute["action"] {
  const { action, rewrite, responseHeaders: { set, add } } = route;
  if (action.kind === "https_redirect") {
    return { kind: "answer", answer: (head) => httpsRedirect(head, action) };
  }
  if (action.kind !== "forward") {
    return { kind: "answer", answer: buildAnswer(action, [...set, ...add]) };
  }
  return { kind: "forward", upstream: buildSplit(action.split, options), rewrite };
}

function buildAnswer(
  action: Extract<RouteAction, { kind: "redirect" | "respond" }>,
  headers: HeaderChanges["set"],
): LocalAnswer {
  if (action.kind === "redirect") {
    const fields = [["Location", action.location] as const, ...headers];
    return { status: action.status, reason: "redirect", fields };
  }
  const { status, body: text, contentType } = action;
  return { status, reason: "route", body: { text, contentType }, fields: headers };
}

/** Draws an upstream for each request, by the shares. */
function buildSplit(
  split: readonly SplitShare[],
  { upstreams, random }: HttpFrontOptions,
): ForwardAction["upstream"] {
  const shares = split.map(({ upstream: name, weight }) => {
    const upstream = upstreams.get(name);
    if (upstream === undefined) throw new TypeError(`Cannot build route: no upstream "${name}"`);
    return { upstream, weight };
  });
  const [first] = shares;
  if (first === undefined) throw new TypeError("Cannot build route: its split is empty");
  if (shares.length === 1) return () => first.upstream;
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  return () => {
    let point = random() * total;
    return (shares.find(({ weight }) => (point -= weight) < 0) ?? first).upstream;
  };
}

/** Ids that no other thread or process makes: a random prefix and a count. */
function requestIds(random: () => number): () => string {
  const hex = () => Math.floor(random() * 2 ** 32).toString(16).padStart(8, "0");
  const prefix = `${hex()}${hex()}`;
  let count = 0;
  return () => `${prefix}-${(++count).toString(16)}`;
}
