import type { ListenerConfig } from "../config/types.ts";
import { messageOf } from "../core/errors.ts";
import type { HandshakeFailure } from "../core/tls_counters.ts";
import { formatAddress } from "../core/address.ts";
import { Deadline } from "../net/deadline.ts";
import { TlsServerConn } from "../net/tls_acceptor.ts";
import { handshakeFailure } from "../net/tls_failure.ts";
import type { Conn } from "../net/transport.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import { HopConn, type TlsHop } from "./tls_hop.ts";

/** What a {@linkcode TlsStep} is made of. */
export interface TlsStepOptions {
  readonly config: ListenerConfig;
  /** Place of the listener's cells in the shared table. */
  readonly index: number;
  /** Longest handshake. Milliseconds. */
  readonly timeoutMs: number;
  /** For connections that come without TLS begun. */
  readonly hop: TlsHop;
  readonly thread: ThreadParts;
}

/** The handshakes of one listener in one thread. */
export class TlsStep implements Disposable {
  readonly #options: TlsStepOptions;
  readonly #pending = new Set<Conn>();
  /** Handshakes in the runtime's hands, those included that were given up. */
  #unfinished = 0;
  #isCrowded = false;

  constructor(options: TlsStepOptions) {
    this.#options = options;
  }

  /**
   * Whether so many clients do not end their handshakes that the next should not begin one with the
   * runtime, which cannot cut it: closed or not, such a connection stays open until its client leaves
   * (Deno 2.9.6). Those of a hop can be cut.
   */
  get isCrowded(): boolean {
    const limit = this.#isCrowded ? MAX_UNFINISHED / 2 : MAX_UNFINISHED;
    this.#isCrowded = this.#unfinished >= limit;
    return this.#isCrowded;
  }

  /** The connection without its TLS; `undefined`, and closed, if it came to no terms. Never rejects. */
  async shake(conn: Conn): Promise<Conn | undefined> {
    const { index, timeoutMs, thread: { table, worker, timeouts } } = this.#options;
    using deadline = new Deadline(timeouts);
    const late = Promise.withResolvers<never>();
    let isLate = false;
    deadline.set(timeoutMs, () => {
      isLate = true;
      late.reject(new Error("Handshake took too long"));
    });
    this.#pending.add(conn);
    try {
      const secure = await Promise.race([this.#secure(conn), late.promise]);
      table.countListener(worker, index, "tlsHandshakes");
      return secure;
    } catch (error) {
      // One that the runtime will not let go of is closed when it does: see `#secure`.
      if (!isLate || conn.handshake === undefined) conn.close();
      this.#count(isLate ? "timeout" : handshakeFailure(error), error, conn);
      return undefined;
    } finally {
      this.#pending.delete(conn);
    }
  }

  async #secure(conn: Conn): Promise<Conn> {
    if (conn.handshake === undefined) return await this.#secureByHop(conn);
    this.#unfinished++;
    try {
      await conn.handshake();
      return conn;
    } finally {
      this.#unfinished--;
      // Given up: nobody else will close it.
      if (!this.#pending.has(conn)) conn.close();
    }
  }

  async #secureByHop(conn: Conn): Promise<Conn> {
    const secure = await this.#options.hop.enter(conn);
    try {
      await secure.handshake();
      return secure;
    } catch (error) {
      secure.close();
      throw error;
    }
  }

  /** Resolves once nothing of a connection that was served is left to send. */
  async settled(conn: Conn): Promise<void> {
    if (conn instanceof HopConn) await conn.carried;
    else if (conn instanceof TlsServerConn) await conn.ended;
  }

  [Symbol.dispose](): void {
    this.#options.hop[Symbol.dispose]();
  }

  #count(kind: HandshakeFailure, error: unknown, { remote }: Conn): void {
    const { config, index, thread: { table, worker, log } } = this.#options;
    table.countListener(worker, index, `tlsFailed_${kind}`);
    // Any stranger can cause one: no more than that is said of it.
    if (!log.enabled("debug", "tls")) return;
    const fields = {
      listener: config.name,
      client: remote && formatAddress(remote),
      kind,
      error: messageOf(error),
    };
    log.write({ level: "debug", category: "tls", message: "TLS handshake failed", fields });
  }
}

/** Per thread and listener. Each is about 30 KiB; at 2,000 handshakes a second this is 250 ms. */
const MAX_UNFINISHED = 512;
