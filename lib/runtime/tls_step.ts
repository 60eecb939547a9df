import type { ListenerConfig } from "../config/types.ts";
import { messageOf } from "../core/errors.ts";
import type { HandshakeFailure } from "../core/tls_counters.ts";
import { formatAddress } from "../core/address.ts";
import { Deadline } from "../net/deadline.ts";
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
  /** Where connections come without TLS begun; absent: they are from a TLS listener. */
  readonly hop?: TlsHop | undefined;
  readonly thread: ThreadParts;
}

/** The handshakes of one listener in one thread. */
export class TlsStep implements Disposable {
  readonly #options: TlsStepOptions;
  readonly #pending = new Set<Conn>();

  constructor(options: TlsStepOptions) {
    this.#options = options;
  }

  /** The connection without its TLS; `undefined`, and closed, if it came to no terms. Never rejects. */
  async shake(conn: Conn): Promise<Conn | undefined> {
    const { index, timeoutMs, hop, thread: { table, worker, timeouts } } = this.#options;
    using deadline = new Deadline(timeouts);
    let isLate = false;
    let secure = conn;
    deadline.set(timeoutMs, () => {
      isLate = true;
      conn.close();
      secure.close();
    });
    this.#pending.add(conn);
    try {
      if (hop !== undefined) secure = await hop.enter(conn);
      await secure.handshake?.();
      table.countListener(worker, index, "tlsHandshakes");
      return secure;
    } catch (error) {
      secure.close();
      conn.close();
      this.#count(isLate ? "timeout" : handshakeFailure(error), error, conn);
      return undefined;
    } finally {
      this.#pending.delete(conn);
    }
  }

  /** Resolves once nothing of a connection that was served is left to send. */
  async settled(conn: Conn): Promise<void> {
    if (conn instanceof HopConn) await conn.carried;
  }

  /** Cuts what is under way. */
  abortAll(): void {
    for (const conn of this.#pending) conn.close();
  }

  [Symbol.dispose](): void {
    this.#options.hop?.[Symbol.dispose]();
  }

  #count(kind: HandshakeFailure, error: unknown, { remote }: Conn): void {
    const { config, index, thread: { table, worker, log } } = this.#options;
    table.countListener(worker, index, `tlsFailed_${kind}`);
    // Any stranger can cause one: no more than that is said of it.
    if (!log.enabled("debug")) return;
    const fields = {
      listener: config.name,
      client: remote && formatAddress(remote),
      kind,
      error: messageOf(error),
    };
    log.write({ level: "debug", message: "TLS handshake failed", fields });
  }
}
