import type { ListenerConfig } from "../config/types.ts";
import { messageOf } from "../core/errors.ts";
import { type LogFields, LogThrottle } from "../core/log.ts";
import type { Acceptor, Conn } from "../net/transport.ts";
import { type ClientKey, clientKey, type ClientSlots } from "../core/client_slots.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import type { TlsStep } from "./tls_step.ts";

/** What a listener does with one accepted connection. Owns the connection. */
export type ConnHandler = (conn: Conn) => Promise<void>;

/** What a {@linkcode Listener} is made of. */
export interface ListenerOptions {
  readonly config: ListenerConfig;
  /** Place of its cells in the shared table. */
  readonly index: number;
  readonly acceptor: Acceptor;
  readonly handler: ConnHandler;
  /** Absent: one client may have all connections. */
  readonly clients?: ClientSlots;
  /** Absent: connections need no handshake. */
  readonly tls?: TlsStep;
  readonly thread: ThreadParts;
}

/** One thread's accept loop on one bound socket. */
export class Listener implements Disposable {
  readonly #options: ListenerOptions;
  readonly #acceptErrors = new LogThrottle();
  readonly #rejections = new LogThrottle();
  #active = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Accepts until disposed. Survives a failed accept and a handler's throw. */
  async run(): Promise<void> {
    for (let conn = await this.#accept(); conn !== undefined; conn = await this.#accept()) {
      // Never rejects, and `idle` waits for it.
      void this.#serve(conn);
    }
  }

  /** Resolves once no accepted connection is open. */
  async idle(): Promise<void> {
    if (this.#active === 0) return;
    // One for all who ask: a second drain must not leave the first one waiting.
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  /** Stops accepting; connections go on. */
  [Symbol.dispose](): void {
    this.#options.acceptor[Symbol.dispose]();
  }

  async #accept(): Promise<Conn | undefined> {
    for (;;) {
      try {
        return await this.#options.acceptor.accept();
      } catch (error) {
        // Out of file descriptors, most likely: what is open goes on, and ends will free some.
        this.#tell("error", "Cannot accept connections", this.#acceptErrors, {
          error: messageOf(error),
        });
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  async #serve(conn: Conn): Promise<void> {
    const { config, index, thread: { table, worker } } = this.#options;
    if (!table.tryOpen(worker, index, config.maxConnections)) return this.#reject(conn);
    using stack = new DisposableStack();
    this.#active++;
    // Runs last: who hears of it finds all given back.
    stack.defer(() => this.#oneLess());
    stack.defer(() => table.closed(worker, index));
    const client = this.#clientOf(conn);
    if (client !== undefined && !this.#tryTake(client)) return this.#rejectClient(conn);
    if (client !== undefined) stack.defer(() => this.#options.clients?.give(worker, client));
    table.countListener(worker, index, "accepted");
    const { tls } = this.#options;
    if (tls === undefined) return await this.#handle(conn);
    const secure = await tls.shake(conn);
    if (secure === undefined) return;
    await this.#handle(secure);
    await tls.settled(secure);
  }

  async #handle(conn: Conn): Promise<void> {
    const { config, handler, thread } = this.#options;
    try {
      await handler(conn);
    } catch (error) {
      conn.close();
      thread.log.write({
        level: "error",
        message: "Connection handler failed",
        fields: { listener: config.name, error: messageOf(error) },
      });
    }
  }

  /** Whom the connection counts for; `undefined` where clients are not counted. */
  #clientOf({ remote }: Conn): ClientKey | undefined {
    if (this.#options.clients === undefined || remote?.kind !== "tcp") return undefined;
    return clientKey(remote.hostname);
  }

  #tryTake(client: ClientKey): boolean {
    const { clients, config: { maxConnectionsPerIp = Infinity }, thread } = this.#options;
    return clients?.tryTake(thread.worker, client, maxConnectionsPerIp) === "taken";
  }

  #oneLess(): void {
    this.#active--;
    if (this.#active > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #reject(conn: Conn): void {
    const { config, index, thread } = this.#options;
    conn.close();
    thread.table.countListener(thread.worker, index, "rejected");
    this.#tell("warning", "Connection refused: listener is at max_connections", this.#rejections, {
      max: config.maxConnections,
    });
  }

  #rejectClient(conn: Conn): void {
    const { config, index, thread } = this.#options;
    conn.close();
    thread.table.countListener(thread.worker, index, "rejectedPerIp");
    const message = "Connection refused: client is at max_connections_per_ip";
    const client = conn.remote?.kind === "tcp" ? conn.remote.hostname : undefined;
    this.#tell("warning", message, this.#rejections, { client, max: config.maxConnectionsPerIp });
  }

  #tell(
    level: "warning" | "error",
    message: string,
    throttle: LogThrottle,
    fields: LogFields,
  ): void {
    const { config, thread } = this.#options;
    const suppressed = throttle.admit(performance.now());
    if (suppressed === undefined) return;
    thread.log.write({ level, message, fields: { listener: config.name, ...fields, suppressed } });
  }
}

const ACCEPT_PAUSE_MS = 100;
