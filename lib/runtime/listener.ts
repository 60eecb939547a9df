import type { ListenerConfig } from "../config/types.ts";
import { messageOf } from "../core/errors.ts";
import { type LogFields, LogThrottle } from "../core/log.ts";
import type { Acceptor, Conn } from "../net/transport.ts";
import { type ClientKey, clientKey, type ClientSlots } from "../core/client_slots.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";

/** What a listener does with one accepted connection. Owns the connection. */
export type ConnHandler = (conn: Conn) => Promise<void>;

/** What a {@linkcode Listener} does with connections. */
export interface Service {
  readonly config: ListenerConfig;
  /** Place of the listener's cells in the shared table. */
  readonly index: number;
  readonly handler: ConnHandler;
  /** Absent: one client may have all connections. */
  readonly clients?: ClientSlots;
}

/** What a {@linkcode Listener} is made of. */
export interface ListenerOptions {
  readonly acceptor: Acceptor;
  readonly service: Service;
  readonly thread: ThreadParts;
}

/** One thread's accept loop on one bound socket. */
export class Listener implements Disposable {
  readonly #acceptor: Acceptor;
  readonly #thread: ThreadParts;
  #service: Service;
  readonly #acceptErrors = new LogThrottle();
  readonly #rejections = new LogThrottle();
  #active = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor({ acceptor, service, thread }: ListenerOptions) {
    this.#acceptor = acceptor;
    this.#service = service;
    this.#thread = thread;
  }

  /** Has connections that come from now on served in another way. */
  serveAs(service: Service): void {
    this.#service = service;
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
    this.#acceptor[Symbol.dispose]();
  }

  async #accept(): Promise<Conn | undefined> {
    for (;;) {
      try {
        return await this.#acceptor.accept();
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
    const { table, worker } = this.#thread;
    const service = this.#service;
    const { config, index, clients } = service;
    if (!table.tryOpen(worker, index, config.maxConnections)) return this.#reject(conn);
    using stack = new DisposableStack();
    this.#active++;
    // Runs last: who hears of it finds all given back.
    stack.defer(() => this.#oneLess());
    stack.defer(() => table.closed(worker, index));
    const client = clients && keyOf(conn);
    if (client !== undefined && !this.#tryTake(service, client)) return this.#rejectClient(conn);
    if (client !== undefined) stack.defer(() => clients?.give(worker, client));
    table.countListener(worker, index, "accepted");
    await this.#handle(service, conn);
  }

  async #handle({ config, handler }: Service, conn: Conn): Promise<void> {
    try {
      await handler(conn);
    } catch (error) {
      conn.close();
      this.#thread.log.write({
        level: "error",
        message: "Connection handler failed",
        fields: { listener: config.name, error: messageOf(error) },
      });
    }
  }

  #tryTake({ clients, config }: Service, client: ClientKey): boolean {
    const { maxConnectionsPerIp = Infinity } = config;
    return clients?.tryTake(this.#thread.worker, client, maxConnectionsPerIp) === "taken";
  }

  #oneLess(): void {
    this.#active--;
    if (this.#active > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #reject(conn: Conn): void {
    const { config, index } = this.#service;
    const thread = this.#thread;
    conn.close();
    thread.table.countListener(thread.worker, index, "rejected");
    this.#tell("warning", "Connection refused: listener is at max_connections", this.#rejections, {
      max: config.maxConnections,
    });
  }

  #rejectClient(conn: Conn): void {
    const { config, index } = this.#service;
    const thread = this.#thread;
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
    const { config } = this.#service;
    const suppressed = throttle.admit(performance.now());
    if (suppressed === undefined) return;
    const { log } = this.#thread;
    log.write({ level, message, fields: { listener: config.name, ...fields, suppressed } });
  }
}

/** Whom a connection counts for. */
function keyOf({ remote }: Conn): ClientKey | undefined {
  return remote?.kind === "tcp" ? clientKey(remote.hostname) : undefined;
}

const ACCEPT_PAUSE_MS = 100;
