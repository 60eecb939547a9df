import { formatAddress } from "../core/address.ts";
import { LbError } from "../core/errors.ts";
import { LogThrottle } from "../core/log.ts";
import type { Backend, Lease, Outcome } from "../core/types.ts";
import { Splice, type SpliceEnd } from "../net/splice.ts";
import type { Conn } from "../net/transport.ts";
import { Dial } from "./attempt.ts";
import { ClientMeter } from "./client_meter.ts";
import { ConnectionTrail } from "./connection_trail.ts";
import type { Overload } from "./waiting_room.ts";
import type { TcpRoute } from "./tcp_route.ts";

/** Carries each connection of one TCP listener to a backend. */
export class TcpProxy {
  #route: TcpRoute;
  readonly #open = new Set<Session>();
  readonly #throttle = new LogThrottle();

  constructor(route: TcpRoute) {
    this.#route = route;
  }

  /** Connections under way. */
  get active(): number {
    return this.#open.size;
  }

  /** Has connections that come from now on take another way; those under way go on as they are. */
  reroute(route: TcpRoute): void {
    this.#route = route;
  }

  /**
   * Serves one client connection to its end and closes it. Never rejects.
   *
   * @param serverName what the client asked for in its TLS hello, for logs
   */
  async handle(client: Conn, serverName?: string): Promise<void> {
    using session = new Session(client, this.#route, this.#open);
    const { route } = session;
    if (route.isOverRate?.(addressOf(client))) return session.log("rate_limited");
    const attempt = await session.dial.connect();
    if (attempt === undefined) return this.#refuse(session);
    using lease = attempt.lease;
    count(route, lease);
    const meter = new ClientMeter(lease, route.meter);
    const splice = new Splice(client, attempt.server, meter, route.splice);
    session.tie(splice, lease.backend, meter);
    const end = await splice.run();
    lease.settle(outcomeOf(end));
    // A warm connection may have been replaced meanwhile, by one to another backend.
    session.log(end, lease.backend);
    logEnd(route, { client, serverName, lease, end });
  }

  /** Nothing to do: a stream ends when its ends say so. */
  drain(): void {}

  /** Nothing to do, for the same reason. */
  retire(): void {}

  /** Cuts every connection that is under way. */
  abortAll(): void {
    for (const session of this.#open) session.abort();
  }

  /** Cuts the connections to backends, by their places in the shared table. */
  abortBackends(places: ReadonlySet<number>): void {
    for (const session of this.#open) {
      if (session.backend !== undefined && places.has(session.backend.index)) session.abort();
    }
  }

  /** TCP has no words for "nobody is there": the client sees its connection close. */
  #refuse(session: Session): void {
    if (session.dial.aborted) return session.log("aborted");
    const { thread, index, listener, upstream } = session.route;
    const { overload: reason } = session.dial;
    if (reason !== undefined) return this.#refuseOverload(session, reason);
    thread.table.countListener(thread.worker, index, "noBackend");
    const why = upstream.refusal() ?? "no_backend";
    session.log(why);
    session.route.meter.rejected(why);
    const suppressed = this.#throttle.admit(thread.timeouts.nowMs);
    if (suppressed === undefined) return;
    thread.log.write({
      level: "warning",
      message: "Connection closed: no backend available",
      fields: {
        listener,
        upstream: upstream.name,
        reason: why,
        suppressed,
      },
    });
  }

  #refuseOverload(session: Session, reason: Overload): void {
    const { thread, index, listener, upstream } = session.route;
    session.log(reason);
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
}

/** One client connection from accept to close. */
class Session implements Disposable {
  readonly route: TcpRoute;
  readonly dial: Dial;
  readonly #client: Conn;
  readonly #open: Set<Session>;
  readonly #trail: ConnectionTrail | undefined;
  #splice: Splice | undefined;
  #backend: Backend | undefined;
  #meter: ClientMeter | undefined;

  constructor(client: Conn, route: TcpRoute, open: Set<Session>) {
    this.route = route;
    this.dial = new Dial(route, keyOf(client, route), route.opening?.forClient(client));
    this.#client = client;
    this.#open = open;
    this.#trail = route.access && new ConnectionTrail(client, route);
    open.add(this);
  }

  /** Absent until there is a connection to it. */
  get backend(): Backend | undefined {
    return this.#backend;
  }

  tie(splice: Splice, backend: Backend, meter: ClientMeter): void {
    this.#splice = splice;
    this.#backend = backend;
    this.#meter = meter;
    this.#trail?.connected();
    if (this.dial.aborted) splice.abort();
  }

  /** Tells the access log why it has ended. */
  log(end: string, backend?: Backend): void {
    const { dial } = this;
    this.#trail?.end({ dial, meter: this.#meter, backend: backend?.id, end });
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

function count({ thread: { table, worker } }: TcpRoute, { backend }: Lease): void {
  table.countBackend(worker, backend.index, "connections");
}

/** One connection that has ended. */
interface Ended {
  readonly client: Conn;
  /** What the client asked for in its TLS hello. */
  readonly serverName: string | undefined;
  readonly lease: Lease;
  readonly end: SpliceEnd;
}

function logEnd(
  { listener, thread: { log } }: TcpRoute,
  { client: { remote }, serverName: name, lease, end }: Ended,
): void {
  if (!log.enabled("debug")) return;
  const client = remote && formatAddress(remote);
  const fields = { listener, client, ...(name && { name }), backend: lease.backend.id, end };
  log.write({ level: "debug", message: "Connection ended", fields });
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
