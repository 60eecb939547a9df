/** How the certificate of a listener is found. */
export type TlsSource =
  | { readonly cert: string; readonly key: string }
  /** Asked once per name and listener, with an empty name where the client gives none. */
  | { readonly resolve: (serverName: string) => { cert: string; key: string } };

/** A TLS listener to open. */
export interface SharedTlsOptions {
  readonly hostname: string;
  readonly port: number;
  readonly backlog: number;
  readonly alpn: readonly string[];
  readonly source: TlsSource;
}

/**
 * Opens a TLS listener on the accept queue that all threads of the process share for that address,
 * so that another one can be opened while the first is still there, and either may be closed without
 * losing a connection.
 *
 * `Deno.listen` does that with the option `loadBalanced`. `Deno.listenTls` does not hand this option
 * on, but the native side looks for it in an object that inherits from `Object.prototype` (Deno
 * 2.9.6), so for the time of this one synchronous call it stands there. A runtime in which it has no
 * effect still opens the listener, thanks to `reusePort`: then every listener has a queue of its own,
 * and what waits in the queue of one that is closed is reset. A test tells which of the two it is.
 */
export function listenSharedTls(options: SharedTlsOptions): Deno.TlsListener {
  Object.defineProperty(Object.prototype, "loadBalanced", {
    value: true,
    configurable: true,
    enumerable: false,
  });
  try {
    return Deno.listenTls(denoOptions(options));
  } finally {
    Reflect.deleteProperty(Object.prototype, "loadBalanced");
  }
}

type DenoTlsOptions = Deno.ListenTlsOptions & Deno.TlsCertifiedKeyPem;

function denoOptions({ hostname, port, backlog, alpn, source }: SharedTlsOptions): DenoTlsOptions {
  const common = { hostname, port, tcpBacklog: backlog, reusePort: true };
  const terms = alpn.length === 0 ? common : { ...common, alpnProtocols: [...alpn] };
  if (!("resolve" in source)) return { ...terms, cert: source.cert, key: source.key };
  // Untyped: the key takes the place of `cert` and `key`.
  const resolve = (serverName: string) => Promise.resolve(source.resolve(serverName));
  return { ...terms, [Symbol.for("unstableSniResolver")]: resolve } as unknown as DenoTlsOptions;
}
