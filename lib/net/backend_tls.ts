import { formatAddress, type TcpAddress } from "../core/address.ts";
import type { ClientTls } from "../core/client_tls.ts";
import { AbandonedDials } from "./abandoned_dials.ts";
import { explainTlsFailure, TlsFailure } from "./backend_tls_failure.ts";

/** How TLS is to be begun, and until when. */
export interface TlsDialOptions {
  readonly tls: ClientTls;
  /** Of the backend. */
  readonly address: TcpAddress;
  readonly signal: AbortSignal;
}

/** Begins TLS with the backends of one thread. */
export class TlsDialer {
  readonly #dials = new AbandonedDials(() => performance.now());

  /**
   * Shakes hands over `conn`, which is the dialer's from here on.
   *
   * @throws {TlsFailure} also when `signal` is aborted
   */
  async start(conn: Deno.TcpConn, options: TlsDialOptions): Promise<Deno.Conn> {
    const { address, tls, signal } = options;
    const hostname = serverNameOf(options);
    const open = async () => {
      return await shakeHands(await Deno.startTls(conn, { hostname, ...trust(tls) }), hostname);
    };
    // A peer whose machine is gone would never end a handshake that was given up.
    conn.setKeepAlive(true);
    try {
      return await this.#dials.dial({ target: formatAddress(address), open }, signal);
    } catch (error) {
      // Where TLS has not taken it over yet.
      conn[Symbol.dispose]();
      if (signal.aborted) throw new TlsFailure("TLS handshake not done in time", { cause: error });
      throw error instanceof TlsFailure ? error : explainTlsFailure(error, hostname);
    }
  }

  /**
   * Dials with a certificate to show, which `Deno.startTls` has no place for.
   *
   * @throws {TlsFailure} or the system's error, or anything once `signal` is aborted
   */
  async connect(options: TlsDialOptions): Promise<Deno.Conn> {
    const { address, tls, signal } = options;
    const { hostname, port } = address;
    const name = serverNameOf(options);
    const open = async () => {
      // How `node:tls` tells the runtime the name; the public options take it for the host's.
      const wanted = { [Symbol.for("unstableServerName")]: name };
      const dial = { hostname, port, ...tls.identity, ...trust(tls), ...wanted };
      return await shakeHands(await Deno.connectTls(dial), name);
    };
    return await this.#dials.dial({ target: formatAddress(address), open }, signal);
  }
}

/** Authorities beside those of the runtime. */
function trust({ ca }: ClientTls): { caCerts: string[] } {
  return { caCerts: ca === undefined ? [] : [ca] };
}

/** A name may be written with the dot of the root, but certificates and SNI have none. */
function serverNameOf({ tls: { serverName }, address: { hostname } }: TlsDialOptions): string {
  return serverName ?? hostname.replace(/\.$/, "");
}

async function shakeHands(conn: Deno.TlsConn, serverName: string): Promise<Deno.TlsConn> {
  try {
    await conn.handshake();
    return conn;
  } catch (error) {
    conn[Symbol.dispose]();
    throw explainTlsFailure(error, serverName);
  }
}
