import type { AccessSink } from "../access/record.ts";
import type { HeaderChanges, HttpLimits, RewriteConfig } from "../config/types.ts";
import type { RetryConfig } from "../config/types.ts";
import type { Backend } from "../core/types.ts";
import type { HeadLimits } from "../http/limits.ts";
import type { ListenerMeter } from "../metrics/meters.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { RetryBudget } from "../limit/retry_budget.ts";
import type { RoutedRequest } from "../route/match.ts";
import type { Tracer } from "../tracing/tracer.ts";
import type { StickyTable } from "../upstream/sticky.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";
import type { KeyClient, RequestKey } from "./affinity_key.ts";
import type { BackendPool } from "./backend_pool.ts";
import type { ExchangeError } from "./exchange_error.ts";
import type { LocalAnswer } from "./local_answer.ts";
import type { Opening } from "./opening.ts";
import type { RateGuard } from "./rate_guard.ts";
import type { ThreadParts } from "./tcp_route.ts";
import type { Overload, WaitingRoom } from "./waiting_room.ts";

/** One HTTP listener of one thread, with everything resolved. */
export interface HttpFront {
  /** Name of the listener, for logs. */
  readonly listener: string;
  /** Place of the listener's cells in the table. */
  readonly index: number;
  readonly meter: ListenerMeter;
  /** The route for a request, or `undefined` when none matches. */
  readonly route: (request: RoutedRequest) => HttpRoute | undefined;
  /** The answer to a request that a list or a rate limit refuses; absent where there is none. */
  readonly refuse?: (client: KeyClient, head: RequestHead, route?: HttpRoute) =>
    | LocalAnswer
    | undefined;
  readonly limits: HttpLimits;
  readonly headLimits: HeadLimits;
  readonly headerTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly tunnelTimeoutMs: number;
  /** May the peer at that IP address say where requests came from? */
  readonly isTrusted: (address: string) => boolean;
  readonly nextRequestId: () => string;
  /** What clients speak. @default {"http"} */
  readonly scheme?: "https";
  /** Value of Strict-Transport-Security, for Weir's own answers; absent: none. */
  readonly hsts?: string;
  /** Counts a request for which no backend was left, and tells the log of some, and why. */
  readonly onNoBackend: (upstream: string, refusal: string | undefined) => void;
  /** Counts a request for which every backend had too much work, and tells the log of some. */
  readonly onOverload: (upstream: string, reason: Overload) => void;
  /** Counts an answer that a backend began and did not end, and tells the log of some. */
  readonly onCut: (upstream: string, backend: string, error: ExchangeError) => void;
  /** Told of each request when it has ended; absent where there is no access log. */
  readonly access?: AccessSink;
  /** Decides which requests are traced; absent: none is. */
  readonly tracer?: Tracer;
  readonly thread: ThreadParts;
}

/** Where a session finds what its next request goes by. */
export interface FrontSource {
  readonly front: HttpFront;
}

/** What happens to the requests of one route. */
export interface HttpRoute {
  readonly action: ForwardAction | AnswerAction;
  readonly requestHeaders: HeaderChanges;
  readonly responseHeaders: HeaderChanges;
  readonly timeoutMs: number | undefined;
  readonly rateLimit: RateGuard | undefined;
  /** Says whether a client at an IP address is served; absent: everybody is. */
  readonly admits?: (address: string | undefined) => boolean;
}

/** Weir answers itself. */
export interface AnswerAction {
  readonly kind: "answer";
  readonly answer: LocalAnswer | ((head: RequestHead) => LocalAnswer);
}

/** An upstream answers. */
export interface ForwardAction {
  readonly kind: "forward";
  /** The upstream whose turn it is, by the shares of the split. */
  readonly upstream: () => HttpUpstream;
  readonly rewrite: RewriteConfig | undefined;
}

/** An upstream as HTTP uses it, in one thread. */
export interface HttpUpstream {
  /** Place of the upstream among those of the configuration. */
  readonly index: number;
  readonly upstream: BalancedUpstream;
  /** Absent where backends take as much work as comes. */
  readonly room: WaitingRoom | undefined;
  readonly poolOf: (backend: Backend) => BackendPool;
  /** How connections to backends begin; absent: with the request. */
  readonly opening?: Opening;
  /** Absent where the algorithm goes by no key. */
  readonly key: RequestKey | undefined;
  readonly retry: RetryConfig;
  readonly budget: RetryBudget;
  readonly responseTimeoutMs: number;
  /** Filled a moment after the start, when the cookie's values have been computed. */
  readonly sticky: { table: StickyTable | undefined };
}
