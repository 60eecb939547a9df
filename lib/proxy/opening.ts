import type { UpstreamConfig } from "../config/types.ts";
import type { TcpAddress } from "../core/address.ts";
import type { LbError } from "../core/errors.ts";
import { LogThrottle } from "../core/log.ts";
import { writeProxyHeader } from "../net/proxy_header_write.ts";
import type { Conn, ConnectOptions } from "../net/transport.ts";
import type { ThreadParts } from "./tcp_route.ts";

/** How one connection to a backend begins. */
export interface Beginning {
  readonly options: ConnectOptions;
  /** Tells of a failure that somebody has to mend. */
  readonly onTlsFailure: (error: LbError) => void;
}

/** How connections to the backends of one upstream begin, in one thread. */
export class Opening {
  readonly #config: UpstreamConfig;
  readonly #thread: ThreadParts;
  readonly #throttle = new LogThrottle();
  readonly #onTlsFailure = (error: LbError) => this.#tell(error);
  /** For connections that are for any client. */
  readonly forAll: Beginning;

  constructor(config: UpstreamConfig, thread: ThreadParts) {
    this.#config = config;
    this.#thread = thread;
    this.forAll = {
      options: config.tls === undefined ? {} : { tls: config.tls },
      onTlsFailure: this.#onTlsFailure,
    };
  }

  /** Connections say whose they are. */
  get namesClients(): boolean {
    return this.#config.proxyProtocol !== undefined;
  }

  /** For a connection that carries what `client` sends, and no one else's. */
  forClient(client: Conn): Beginning {
    const { proxyProtocol: version } = this.#config;
    if (version === undefined) return this.forAll;
    const preface = headerOf(client, version);
    return { options: { ...this.forAll.options, preface }, onTlsFailure: this.#onTlsFailure };
  }

  #tell(error: LbError): void {
    const { log, timeouts } = this.#thread;
    const suppressed = this.#throttle.admit(timeouts.nowMs);
    if (suppressed === undefined) return;
    log.write({
      level: "warning",
      category: "tls",
      message: "No TLS with a backend",
      fields: {
        upstream: this.#config.name,
        reason: error.code,
        error: error.message,
        suppressed,
      },
    });
  }
}

/** Where the client came from and what it connected to, with what was said about it before. */
function headerOf({ remote, local, proxied }: Conn, version: 1 | 2): Uint8Array {
  const { tlvs } = proxied ?? {};
  return writeProxyHeader({
    version,
    command: "proxy",
    ...(isTcp(remote) ? { source: remote } : {}),
    ...(isTcp(local) ? { destination: local } : {}),
    ...(tlvs === undefined ? {} : { tlvs }),
  });
}

function isTcp(address: Conn["local"]): address is TcpAddress {
  return address?.kind === "tcp";
}
