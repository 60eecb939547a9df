/**
 * How TLS is spoken with the backends of an upstream. Texts, not paths: data plane threads read no
 * files.
 */
export interface ClientTls {
  /** What certificates have to be for, and what is asked for by SNI; absent: the address's host. */
  readonly serverName?: string;
  /** PEM: authorities that are believed beside those built in. */
  readonly ca?: string;
  /** Shown to a backend that asks for it. */
  readonly identity?: ClientIdentity;
}

/** A certificate of Weir's own. */
export interface ClientIdentity {
  /** PEM: the certificate, then the chain up to its authority. */
  readonly cert: string;
  /** PEM. Never logged, never shown. */
  readonly key: string;
}
