/** How a listener ends TLS. */
export interface TlsConfig {
  /** At least one; the first is for clients that name no server, or one that nobody knows. */
  readonly certificates: readonly CertificateFiles[];
  /** From the start of a connection to the end of its handshake. */
  readonly handshakeTimeoutMs: number;
  /** Protocols on offer, the best first; empty: whatever the client likes. */
  readonly alpn: readonly string[];
  /** Value of Strict-Transport-Security; absent: none is sent. HTTP only. */
  readonly hsts?: string;
}

/** Where a certificate and its key are read from. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** Instead of those in the certificate. */
  readonly names?: readonly string[];
}

/** Sends clients that came without TLS to where it is. */
export interface HttpsRedirectConfig {
  readonly port: number;
  readonly status: number;
}
