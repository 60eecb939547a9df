import { formatAddress } from "../core/address.ts";
import { LbError } from "../core/errors.ts";
import { LogThrottle } from "../core/log.ts";
import type { Lease, Outcome } from "../core/types.ts";
import { Splice, type SpliceEnd } from "../net/splice.ts";
import type { Conn } from "../net/transport.ts";
import { Dial } from "./attempt.ts";
import type { Overload } from "./waiting_room.ts";
import type { TcpRoute } from "./tcp_route.ts";

/** Carries each connection of one TCP listener to a backend. */
export class TcpProxy {
  readonly #route: TcpRoute;
  readonly #open = new Set<Session>();
  readonly #throttle = new LogThrottle();

  constructor(route: TcpRoute) {
    this.#route = route;
  }

  /** Connections under way. */
  get active(): number {
    return this.#open.size;
  }

  /**
   * Serves one client connection to its end and closes it. Never rejects.
   *
   * @param serverName what the client asked for in its TLS hello, for logs
   */
  async handle(client: Conn, serverName?: string): Promise<void> {
    using session = new Session(client, this.#route, this.#open);
    if (this.#route.isOverRate?.(addressOf(client))) return;
    const attempt = await session.dial.connect();
    if (attempt === undefined) return this.#refuse(session);
    using lease = attempt.lease;
    this.#count(lease);
    const splice = new Splice(client, attempt.server, lease, this.#route.splice);
    session.tie(splice);
    const end = await splice.run();
    lease.settle(outcomeOf(end));
    this.#logEnd(client, serverName, lease, end);
  }

  /** Nothing to do: a stream ends when its ends say so. */
  drain(): void {}

  /** Cuts every connection that is under way. */
  abortAll(): void {
    for (const session of this.#open) session.abort();
  }

  #count(lease: Lease): void {
    const { table, worker } = this.#route.thread;
    table.countBackend(worker, lease.backend.index, "connections");
  }

  /** TCP has no words for "nobody is there": the client sees its connection close. */
  #refuse(session: Session): void {
    if (session.dial.aborted) return;
    const { thread, index, listener, upstream } = this.#route;
    const { overload: reason } = session.dial;
    if (reason !== undefined) return this.#refuseOverload(reason);
    thread.table.countListener(thread.worker, index, "noBackend");
    const suppressed = this.#throttle.admit(thread.timeouts.nowMs);
    if (suppressed === undefined) return;
    thread.log.write({
      level: "warning",
      message: "Connection closed: no backend available",
      fields: {
        listener,
        upstream: upstream.name,
        reason: upstream.refusal() ?? "no_backend",
        suppressed,
      },
    });
  }

  #refuseOverload(reason: Overload): void {
    const { thread, index, listener, upstream } = this.#route;
    const counter = reason === "queue_full" ? "queueFull" : "queueTimeouts";
    thread.table.countListener(thread.worker, index, counter);
    const suppressed = this.#throttle.admit(thread.timeouts.nowMs);
    if (suppressed === undefined) return;
    thread.log.write({
      level: "warning",
      message: "Connection closed: every backend has as much work as it may have",
      fields: { listener, upstream: upstream.name, reason, suppressed },
    });
  }

  #logEnd(client: Conn, name: string | undefined, lease: Lease, end: SpliceEnd): void {
    const { log } = this.#route.thread;
    if (!log.enabled("debug")) return;
    const { remote } = client;
    log.write({
      level: "debug",
      message: "Connection ended",
      fields: {
        listener: this.#route.listener,
        client: remote && formatAddress(remote),
        ...(name === undefined ? {} : { name }),
        backend: lease.backend.id,
        end,
      },
    });
  }
}

/** One client connection from accept to close. */
class Session implements Disposable {
  readonly dial: Dial;
  readonly #client: Conn;
  readonly #open: Set<Session>;
  #splice: Splice | undefined;

  constructor(client: Conn, route: TcpRoute, open: Set<Session>) {
    this.dial = new Dial(route, keyOf(client, route), route.opening?.forClient(client));
    this.#client = client;
    this.#open = open;
    open.add(this);
  }

  tie(splice: Splice): void {
    this.#splice = splice;
    if (this.dial.aborted) splice.abort();
  }

  abort(): void {
    this.dial.abort();
    this.#splice?.abort();
  }

  [Symbol.dispose](): void {
    this.#open.delete(this);
    this.#client.close();
  }
}

function keyOf(client: Conn, { key }: TcpRoute): number {
  return key?.(addressOf(client)) ?? 0;
}

/** IP address of a client; absent on a Unix socket. */
export function addressOf({ remote }: Conn): string | undefined {
  return remote?.kind === "tcp" ? remote.hostname : undefined;
}

function outcomeOf(end: SpliceEnd): Outcome {
  if (end === "done") return { kind: "success" };
  if (end !== "server_error") return { kind: "ignored" };
  const error = new LbError("upstream_reset", "Backend broke the connection", { side: "upstream" });
  return { kind: "failure", error };
}
