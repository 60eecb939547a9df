import { messageOf } from "../core/errors.ts";
import { type LogFields, LogThrottle } from "../core/log.ts";
import type { Acceptor, Conn, MaybePromise } from "../net/transport.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import { type AcceptStep, acceptSteps, type StepOptions } from "./accept_steps.ts";

/** What a listener does with one accepted connection. Owns the connection. */
export type ConnHandler = (conn: Conn) => Promise<void>;

/** What a {@linkcode Listener} does with connections. */
export interface Service extends Omit<StepOptions, "thread"> {
  readonly handler: ConnHandler;
}

/** A service with what its connections go through before they get to it. */
interface Entrance {
  readonly service: Service;
  readonly steps: readonly AcceptStep[];
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
  #entrance: Entrance;
  /** Connections that a step waits for. */
  readonly #opening = new Set<Conn>();
  readonly #acceptErrors = new LogThrottle();
  readonly #rejections = new LogThrottle();
  #active = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor({ acceptor, service, thread }: ListenerOptions) {
    this.#acceptor = acceptor;
    this.#thread = thread;
    this.#entrance = { service, steps: acceptSteps({ ...service, thread }) };
  }

  /** Has connections that come from now on served in another way. */
  serveAs(service: Service): void {
    this.#entrance = { service, steps: acceptSteps({ ...service, thread: this.#thread }) };
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

  /** Cuts the connections that the proxy has not got yet. */
  abort(): void {
    for (const conn of this.#opening) conn.close();
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
    const entrance = this.#entrance;
    const { config, index } = entrance.service;
    if (!table.tryOpen(worker, index, config.maxConnections)) return this.#reject(conn);
    await using stack = new AsyncDisposableStack();
    this.#active++;
    // Runs last: who hears of it finds all given back.
    stack.defer(() => this.#oneLess());
    stack.defer(() => table.closed(worker, index));
    await this.#handle(conn, entrance, stack);
  }

  async #handle(
    conn: Conn,
    { service: { config, index, handler }, steps }: Entrance,
    slots: AsyncDisposableStack,
  ): Promise<void> {
    const { log, table, worker } = this.#thread;
    try {
      let ready: Conn | undefined = conn;
      for (const step of steps) {
        const next: MaybePromise<Conn | undefined> = step(ready, slots);
        ready = next instanceof Promise ? await this.#wait(conn, next) : next;
        if (ready === undefined) return;
      }
      table.countListener(worker, index, "accepted");
      await handler(ready);
    } catch (error) {
      conn.close();
      log.write({
        level: "error",
        category: "listener",
        message: "Connection handler failed",
        fields: { listener: config.name, error: messageOf(error) },
      });
    }
  }

  async #wait<T>(conn: Conn, step: Promise<T>): Promise<T> {
    this.#opening.add(conn);
    try {
      return await step;
    } finally {
      this.#opening.delete(conn);
    }
  }

  #oneLess(): void {
    this.#active--;
    if (this.#active > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #reject(conn: Conn): void {
    const { config, index } = this.#entrance.service;
    const thread = this.#thread;
    conn.close();
    thread.table.countListener(thread.worker, index, "rejected");
    this.#tell("warning", "Connection refused: listener is at max_connections", this.#rejections, {
      max: config.maxConnections,
    });
  }

  #tell(
    level: "warning" | "error",
    message: string,
    throttle: LogThrottle,
    fields: LogFields,
  ): void {
    const { config } = this.#entrance.service;
    const suppressed = throttle.admit(performance.now());
    if (suppressed === undefined) return;
    const { log } = this.#thread;
    log.write({
      level,
      category: "listener",
      message,
      fields: { listener: config.name, ...fields, suppressed },
    });
  }
}

const ACCEPT_PAUSE_MS = 100;
