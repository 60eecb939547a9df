import type { Address } from "../core/address.ts";
import { messageOf } from "../core/errors.ts";
import {
  CertificateTable,
  type ServerCertificate,
  type TlsTerms,
} from "../core/server_certificate.ts";
import { fromDeno, isFamilyMissing, isGone } from "./deno_system.ts";
import { listenSharedTls, type TlsSource } from "./shared_tls_listen.ts";
import { AcceptError, type Acceptor, type Conn, type MaybePromise } from "./transport.ts";

/** Names that one listener of the runtime may be asked for: it remembers the answer to each. */
const MAX_NAMES = 1024;

/**
 * A listening socket that ends TLS. The runtime's listener under it is a part that wears out: it is
 * replaced by another one on the same accept queue when certificates change, and when clients have
 * asked for so many names that what it remembers of them takes its room. The new one is open before
 * the old one is closed, so no connection is lost.
 */
export class TlsAcceptor implements Acceptor {
  readonly #address: { hostname: string; port: number };
  readonly #alpn: readonly string[];
  readonly #backlog: number;
  #source: TlsSource;
  #listener: Deno.TlsListener;
  #closed = false;
  /** The listener is to be replaced, and could not be yet. */
  #isWorn = false;

  /** @throws {Error} of the system, or of the runtime when it cannot use a certificate */
  constructor(address: Address, { certificates, alpn }: TlsTerms, backlog: number) {
    if (address.kind === "unix") throw new TypeError("Cannot end TLS on a Unix socket");
    this.#address = { hostname: address.hostname, port: address.port };
    this.#alpn = alpn;
    this.#backlog = backlog;
    this.#source = this.#sourceOf(certificates);
    this.#listener = this.#open();
  }

  async accept(): Promise<Conn | undefined> {
    for (;;) {
      this.#replaceIfWorn();
      const listener = this.#listener;
      try {
        return new TlsServerConn(await listener.accept());
      } catch (error) {
        if (this.#closed) return undefined;
        // Another one has taken its place.
        if (listener !== this.#listener) continue;
        if (!isGone(error)) throw new AcceptError(messageOf(error), { cause: error });
      }
    }
  }

  replaceCertificates(certificates: readonly ServerCertificate[]): void {
    this.#source = this.#sourceOf(certificates);
    this.#wearOut();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }

  #wearOut(): void {
    this.#isWorn = true;
    this.#replaceIfWorn();
  }

  #replaceIfWorn(): void {
    if (!this.#isWorn || this.#closed) return;
    const old = this.#listener;
    try {
      this.#listener = this.#open();
    } catch {
      // Out of descriptors, most likely: the next connection is another occasion.
      return;
    }
    this.#isWorn = false;
    old.close();
  }

  /** A resolver costs the resumption of sessions, so one certificate goes without. */
  #sourceOf(certificates: readonly ServerCertificate[]): TlsSource {
    const [first, second] = certificates;
    if (first !== undefined && second === undefined) return first;
    const table = new CertificateTable(certificates);
    let names = 0;
    return {
      resolve: (serverName) => {
        // Not at once: the answer to this one goes to the listener that asked.
        if (++names % MAX_NAMES === 0) setTimeout(() => this.#wearOut());
        return table.find(serverName);
      },
    };
  }

  #open(): Deno.TlsListener {
    try {
      return this.#listen(this.#address.hostname);
    } catch (error) {
      // "::" asks for both families; a machine without IPv6 still has the other one.
      if (this.#address.hostname !== "::" || !isFamilyMissing(error)) throw error;
      return this.#listen("0.0.0.0");
    }
  }

  #listen(hostname: string): Deno.TlsListener {
    return listenSharedTls({
      hostname,
      port: this.#address.port,
      backlog: this.#backlog,
      alpn: this.#alpn,
      source: this.#source,
    });
  }
}

/** A connection with TLS between the runtime and the client. */
export class TlsServerConn implements Conn {
  readonly #conn: Deno.TlsConn;
  #isShaken = false;
  #ending: Promise<void> | undefined;

  constructor(conn: Deno.TlsConn) {
    this.#conn = conn;
  }

  get remote(): Address | undefined {
    return fromDeno(this.#conn.remoteAddr);
  }

  get local(): Address | undefined {
    return fromDeno(this.#conn.localAddr);
  }

  async handshake(): Promise<void> {
    await this.#conn.handshake();
    this.#isShaken = true;
  }

  async read(into: Uint8Array): Promise<number | null> {
    try {
      return await this.#conn.read(into);
    } catch (error) {
      // Many clients hang up without a word of TLS; nothing that Weir reads from a client is
      // complete only because its connection ended.
      if (error instanceof Deno.errors.UnexpectedEof) return null;
      throw error;
    }
  }

  write(bytes: Uint8Array): MaybePromise<number> {
    return this.#conn.write(bytes);
  }

  closeWrite(): MaybePromise<void> {
    return this.#conn.closeWrite();
  }

  /**
   * What was written still goes out, with the end of TLS behind it: the runtime would do that by
   * itself, but not in a thread that ends.
   */
  close(): void {
    if (!this.#isShaken) return this.#conn[Symbol.dispose]();
    this.#ending ??= this.#end();
  }

  /** Resolves once it is closed and nothing is left to send. To be asked after `close`. */
  get ended(): Promise<void> {
    return this.#ending ?? Promise.resolve();
  }

  async #end(): Promise<void> {
    const timer = setTimeout(() => this.#conn[Symbol.dispose](), END_MS);
    try {
      await this.#conn.closeWrite();
    } catch {
      // The client has left already.
    } finally {
      clearTimeout(timer);
      this.#conn[Symbol.dispose]();
    }
  }
}

/** A client that takes nothing gets no more time than this to take what is left. */
const END_MS = 1000;
