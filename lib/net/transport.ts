import type { Address } from "../core/address.ts";
import type { ClientTls } from "../core/client_tls.ts";
import type { ServerCertificate, TlsTerms } from "../core/server_certificate.ts";
import type { ProxyHeader } from "./proxy_header.ts";

/** A result that may be there at once: awaiting only when needed saves a turn of the event loop. */
export type MaybePromise<T> = T | Promise<T>;

/** One established stream socket. After `close` every call rejects. */
export interface Conn {
  /** The other end; `undefined` for an unnamed Unix socket. */
  readonly remote: Address | undefined;
  /** This end, as the other one addresses it; absent where that is not known. */
  readonly local?: Address | undefined;
  /** What a trusted proxy said when it opened the connection, where it did. */
  readonly proxied?: ProxyHeader | undefined;
  /** Where TLS has still to begin: does that. Rejects when the two do not come to terms. */
  handshake?(): Promise<void>;
  /** Reads at least one byte into `into` and says how many; `null` at the end of input. */
  read(into: Uint8Array): MaybePromise<number | null>;
  /**
   * Writes a first part of `bytes` and says how long it was, at least 1. That it may be partial is
   * part of the seam, because hiding it would cost the data path another promise per write.
   */
  write(bytes: Uint8Array): MaybePromise<number>;
  /** Half-close: FIN to the peer, reading goes on. */
  closeWrite(): MaybePromise<void>;
  /** Closes both ways at once; pending calls reject. A second call does nothing. */
  close(): void;
}

/** One bound socket. */
export interface Acceptor extends Disposable {
  /**
   * The next connection, or `undefined` once closed. One call at a time.
   *
   * @throws {AcceptError} when there was none but the socket is still good
   */
  accept(): Promise<Conn | undefined>;
  /** Where it ends TLS: shows these from the next connection on. Established ones go on. */
  replaceCertificates?(certificates: readonly ServerCertificate[]): void;
}

/** No connection could be taken just now; the listener lives on. */
export class AcceptError extends Error {
  override readonly name = "AcceptError";
}

/** What a connection to a backend begins with, before the first byte of its user. */
export interface ConnectOptions {
  /** Sent first, before TLS: a PROXY header. */
  readonly preface?: Uint8Array;
  /** Absent: none. Not for Unix sockets. */
  readonly tls?: ClientTls;
}

/** Where sockets come from. */
export interface Transport {
  /**
   * Opens a listening socket; with `tls` its connections have still to shake hands.
   *
   * @throws {Error} of the system when it cannot
   */
  listen(address: Address, tls?: TlsTerms): Acceptor;
  /** @throws {LbError} `connect_refused`, `connect_timeout`, `connect_failed` or `tls_failed` */
  connect(address: Address, signal: AbortSignal, options?: ConnectOptions): Promise<Conn>;
}

/** Writes all of `bytes`. */
export async function writeAll(conn: Conn, bytes: Uint8Array): Promise<void> {
  let written = await conn.write(bytes);
  while (written < bytes.length) written += await conn.write(bytes.subarray(written));
}
