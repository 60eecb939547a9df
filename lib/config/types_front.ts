/** Lists of client addresses, each the memory of a `CidrSet`: threads get it without a copy. */
export interface AccessConfig {
  /** None: everybody. */
  readonly allow: readonly SharedArrayBuffer[];
  /** Wins over `allow`. */
  readonly deny: readonly SharedArrayBuffer[];
}

/** Every connection begins with a PROXY header. */
export interface ProxyProtocolConfig {
  /** CIDRs of peers that may connect, and are believed. */
  readonly trusted: readonly string[];
  /** Longest wait for the whole header. */
  readonly timeoutMs: number;
}

/** Where TLS connections go that are passed through. */
export interface SniConfig {
  /** Lower-case names, each once; `*.example.com` is every name below example.com. */
  readonly routes: readonly SniRouteConfig[];
  /** Longest wait for the whole ClientHello. */
  readonly timeoutMs: number;
}

/** One of its routes. */
export interface SniRouteConfig {
  readonly name: string;
  /** Name of an upstream in `upstreams`. */
  readonly upstream: string;
}
