/** A certificate with its key, and the names it is shown for. Plain data for `postMessage`. */
export interface ServerCertificate {
  /** Lower case; `*.example.com` is every name one label below example.com. */
  readonly names: readonly string[];
  /** PEM: the server's own certificate, then those between it and the root. */
  readonly cert: string;
  /** PEM of PKCS#8. Stands in no log and no status. */
  readonly key: string;
}

/** What a listener ends TLS with. */
export interface TlsTerms {
  /** At least one; the first is for clients that name no server, or one that nobody knows. */
  readonly certificates: readonly ServerCertificate[];
  /** Protocols on offer, the best first (RFC 7301); none: the client's offer is not looked at. */
  readonly alpn: readonly string[];
}

/** Whether a name, or a pattern with a wildcard, covers a name (RFC 9525 section 6.3). */
export function coversName(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  const dot = name.indexOf(".");
  return pattern.startsWith("*.") && dot > 0 && !name.startsWith("*.") &&
    pattern.slice(1) === name.slice(dot);
}

/** Finds the certificate for the name that a client asks for. */
export class CertificateTable {
  readonly #byName = new Map<string, ServerCertificate>();
  readonly #first: ServerCertificate;

  /** @throws {RangeError} when there is none */
  constructor(certificates: readonly ServerCertificate[]) {
    const [first] = certificates;
    if (first === undefined) throw new RangeError("Cannot use certificates: there are none");
    this.#first = first;
    for (const certificate of certificates) {
      for (const name of certificate.names) {
        // The configuration's order decides between two for the same name.
        if (!this.#byName.has(name)) this.#byName.set(name, certificate);
      }
    }
  }

  /** The one with that very name, else with a wildcard for it, else the first. */
  find(serverName: string): ServerCertificate {
    // Host names know no case, and a name at the root may end in a dot (RFC 6066 section 3: not here).
    const name = serverName.toLowerCase();
    return this.#byName.get(name) ?? this.#byName.get(`*${name.slice(name.indexOf("."))}`) ??
      this.#first;
  }
}
