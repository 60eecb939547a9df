import type { ListenerConfig } from "../config/types.ts";
import { messageOf } from "../core/errors.ts";
import type { HandshakeFailure } from "../core/tls_counters.ts";
import { formatAddress } from "../core/address.ts";
import { Deadline } from "../net/deadline.ts";
import { handshakeFailure } from "../net/tls_failure.ts";
import type { Conn } from "../net/transport.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";

/** The handshakes of one listener in one thread. */
export class TlsStep {
  readonly #listener: string;
  readonly #timeoutMs: number;
  /** Place of the listener's cells in the shared table. */
  readonly #index: number;
  readonly #thread: ThreadParts;
  readonly #pending = new Set<Conn>();

  /** @param timeoutMs longest handshake, in milliseconds */
  constructor({ name }: ListenerConfig, index: number, timeoutMs: number, thread: ThreadParts) {
    this.#listener = name;
    this.#index = index;
    this.#timeoutMs = timeoutMs;
    this.#thread = thread;
  }

  /** Whether the connection came to terms; closed if not. Never rejects. */
  async shake(conn: Conn): Promise<boolean> {
    const { table, worker, timeouts } = this.#thread;
    using deadline = new Deadline(timeouts);
    let isLate = false;
    deadline.set(this.#timeoutMs, () => {
      isLate = true;
      conn.close();
    });
    this.#pending.add(conn);
    try {
      await conn.handshake?.();
      table.countListener(worker, this.#index, "tlsHandshakes");
      return true;
    } catch (error) {
      conn.close();
      this.#count(isLate ? "timeout" : handshakeFailure(error), error, conn);
      return false;
    } finally {
      this.#pending.delete(conn);
    }
  }

  /** Cuts what is under way. */
  abortAll(): void {
    for (const conn of this.#pending) conn.close();
  }

  #count(kind: HandshakeFailure, error: unknown, { remote }: Conn): void {
    const { table, worker, log } = this.#thread;
    table.countListener(worker, this.#index, `tlsFailed_${kind}`);
    // Any stranger can cause one: no more than that is said of it.
    if (!log.enabled("debug")) return;
    const fields = {
      listener: this.#listener,
      client: remote && formatAddress(remote),
      kind,
      error: messageOf(error),
    };
    log.write({ level: "debug", message: "TLS handshake failed", fields });
  }
}
