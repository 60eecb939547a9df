import type { RouteVerdict } from "../route/explain_route.ts";
import type { TierName } from "../upstream/availability.ts";

/** Where a request goes, and why, as plain data. */
export interface Explanation {
  readonly listener: {
    readonly name: string;
    readonly address: string;
    readonly protocol: "tcp" | "http";
  };
  /** HTTP only. */
  readonly request?: {
    readonly method: string;
    readonly host: string;
    readonly path: string;
    readonly query?: string;
  };
  /** IP address that the request counts as coming from. */
  readonly client?: string;
  /** Routes that were tried, the one that matched last. HTTP only. */
  readonly routes: readonly RouteVerdict[];
  readonly outcome: Outcome;
}

/** What is done with the request. */
export type Outcome =
  | {
    readonly kind: "forward";
    /** What the backend sees of the path. HTTP only. */
    readonly path?: string;
    /** One, or all among which each request is drawn. */
    readonly upstreams: readonly UpstreamExplanation[];
  }
  /** Weir closes the connection. */
  | { readonly kind: "close"; readonly reason: string }
  /** Weir answers by itself. */
  | {
    readonly kind: "answer";
    readonly status: number;
    /** The word of the header `X-Weir-Reason`. */
    readonly reason: string;
    readonly detail?: string;
  };

/** Where an upstream would send the request. */
export interface UpstreamExplanation {
  readonly name: string;
  /** Percent of the requests of the route that come here. */
  readonly percent: number;
  readonly algorithm: string;
  /** Absent where the algorithm goes by no key. */
  readonly key?: KeyExplanation;
  /** Number of the next turn, where the algorithm goes by turns. */
  readonly turn?: number;
  /** Percent of the work for backends of the own zone; absent where zones do not count. */
  readonly nearPercent?: number;
  readonly backends: readonly BackendExplanation[];
  /** Absent: there is none. */
  readonly pick?: string;
  /** The pick, then who would be tried after failures, some of them. */
  readonly order: readonly string[];
  /** Why this one, or why none. */
  readonly why: string;
  /** The next request like this goes the same way while nothing changes. */
  readonly isCertain: boolean;
}

/** What a request is told apart by. */
export interface KeyExplanation {
  /** Such as `client_ip` or `header:x-user`. */
  readonly of: string;
  /** 32 bits in hexadecimal. */
  readonly hash: string;
}

/** One backend as a candidate. */
export interface BackendExplanation {
  readonly id: string;
  readonly address: string;
  readonly tier: TierName;
  readonly up: boolean;
  /** Configured or set by an operator; slow start may give it a part of that. */
  readonly weight: number;
  /** Percent of its weight that it has just now. */
  readonly warmPercent: number;
  readonly inFlight: number;
  /** What the algorithm compares it by: lower is better. */
  readonly cost?: number;
  /** One word for what keeps it from this request; absent: nothing. */
  readonly excluded?: string;
}
