import type { Address } from "../core/address.ts";
import { Deadline } from "../net/deadline.ts";
import type { Loopback } from "../net/deno_transport.ts";
import { readHello } from "../net/hello_records.ts";
import { Splice, type SpliceOptions } from "../net/splice.ts";
import { type Acceptor, type Conn, type MaybePromise, writeAll } from "../net/transport.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";

/** What a {@linkcode TlsHop} is made of. */
export interface TlsHopOptions {
  /** Listens on loopback and ends TLS, for this thread and this listener alone. */
  readonly acceptor: Acceptor;
  /** Opens a connection to it, and tells the local port of that. */
  readonly connect: () => Promise<Loopback>;
  readonly splice: SpliceOptions;
  readonly thread: ThreadParts;
}

/**
 * Ends TLS on connections that were accepted without. The runtime can do that for what a TLS listener
 * accepted, and for nothing else; so the bytes go through one on loopback, and the connection that
 * comes out is known by its port. Beside that it makes two things good: the ClientHello goes on in
 * one piece, which the runtime needs to choose a certificate by name, and a client that does not end
 * its handshake can be cut, which the runtime cannot do with a TLS connection (Deno 2.9.6).
 */
export class TlsHop implements Disposable {
  readonly #options: TlsHopOptions;
  /** By port: who waits for the connection to come out. */
  readonly #expected = new Map<number, (conn: Conn) => void>();
  /** By port: what came out before its port was known. */
  readonly #early = new Map<number, Conn>();
  #connecting = 0;

  constructor(options: TlsHopOptions) {
    this.#options = options;
    // Ends when the acceptor is closed.
    void this.#accept();
  }

  /**
   * Sends a connection through. What comes out has still to shake hands, and has the client's addresses.
   * Closing the client before ends the handshake.
   *
   * @throws {Error} when the client or the hop broke
   */
  async enter(client: Conn): Promise<HopConn> {
    const hello = await readHello(client);
    const { inner, secure } = await this.#pass();
    const splice = new Splice(client, inner, NO_METER, this.#options.splice);
    await writeAll(inner, hello);
    return new HopConn(secure, client, splice.run());
  }

  [Symbol.dispose](): void {
    this.#options.acceptor[Symbol.dispose]();
  }

  /** A new connection to the TLS listener, both ends of it. */
  async #pass(): Promise<{ inner: Conn; secure: Conn }> {
    this.#connecting++;
    try {
      const { conn: inner, localPort } = await this.#options.connect();
      const early = this.#early.get(localPort);
      this.#early.delete(localPort);
      return { inner, secure: early ?? await this.#arrival(localPort, inner) };
    } finally {
      if (--this.#connecting === 0) this.#closeEarly();
    }
  }

  #arrival(port: number, inner: Conn): Promise<Conn> {
    const { promise, resolve, reject } = Promise.withResolvers<Conn>();
    const deadline = new Deadline(this.#options.thread.timeouts);
    deadline.set(ARRIVAL_MS, () => {
      this.#expected.delete(port);
      inner.close();
      reject(new Error("Cannot end TLS: the connection did not come out of its hop"));
    });
    this.#expected.set(port, (conn) => {
      deadline.clear();
      this.#expected.delete(port);
      resolve(conn);
    });
    return promise;
  }

  async #accept(): Promise<void> {
    for (;;) {
      try {
        const conn = await this.#options.acceptor.accept();
        if (conn === undefined) return;
        this.#match(conn);
      } catch {
        // Out of descriptors: who waits for it is given up in time.
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  #match(conn: Conn): void {
    const port = conn.remote?.kind === "tcp" ? conn.remote.port : -1;
    const expected = this.#expected.get(port);
    if (expected !== undefined) return expected(conn);
    // Either ours, from a connect that has not come back yet, or some stranger's on this machine.
    if (this.#connecting === 0) return conn.close();
    this.#early.set(port, conn);
  }

  #closeEarly(): void {
    for (const conn of this.#early.values()) conn.close();
    this.#early.clear();
  }
}

const NO_METER = { toServer: () => {}, toClient: () => {} };
const ARRIVAL_MS = 5000;
const ACCEPT_PAUSE_MS = 100;

/** A client's connection without its TLS, which a {@linkcode TlsHop} has taken off. */
export class HopConn implements Conn {
  /** Resolves once the last encrypted byte is on its way. Never rejects. */
  readonly carried: Promise<unknown>;
  readonly remote: Address | undefined;
  readonly #secure: Conn;
  readonly #client: Conn;
  #isShaken = false;

  constructor(secure: Conn, client: Conn, carried: Promise<unknown>) {
    this.#secure = secure;
    this.#client = client;
    this.carried = carried;
    this.remote = client.remote;
  }

  get local(): Address | undefined {
    return this.#client.local;
  }

  get proxied(): Conn["proxied"] {
    return this.#client.proxied;
  }

  async handshake(): Promise<void> {
    await this.#secure.handshake?.();
    this.#isShaken = true;
  }

  read(into: Uint8Array): MaybePromise<number | null> {
    return this.#secure.read(into);
  }

  write(bytes: Uint8Array): MaybePromise<number> {
    return this.#secure.write(bytes);
  }

  closeWrite(): MaybePromise<void> {
    return this.#secure.closeWrite();
  }

  /** What was written still goes out; before the handshake nothing was. */
  close(): void {
    if (!this.#isShaken) this.#client.close();
    this.#secure.close();
  }
}
