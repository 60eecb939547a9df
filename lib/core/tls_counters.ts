/** Why a handshake came to nothing. */
export const HANDSHAKE_FAILURES = [
  /** Not done in time. */
  "timeout",
  /** What came was no TLS, such as plain HTTP. */
  "not_tls",
  /** No version, cipher suite or protocol in common. */
  "incompatible",
  /** The client refused, most often our certificate. */
  "alert",
  /** The client went away. */
  "closed",
  "other",
] as const;

export type HandshakeFailure = typeof HANDSHAKE_FAILURES[number];

/** What a worker counts per listener that ends TLS. */
export const TLS_COUNTERS = [
  "tlsHandshakes",
  ...HANDSHAKE_FAILURES.map((kind) => `tlsFailed_${kind}` as const),
] as const;

export type TlsCounter = typeof TLS_COUNTERS[number];
