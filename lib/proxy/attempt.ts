import { LbError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { Candidate, Lease } from "../core/types.ts";
import type { Conn, MaybePromise } from "../net/transport.ts";
import { Connecting } from "./connect.ts";
import type { Beginning } from "./opening.ts";
import type { TcpRoute } from "./tcp_route.ts";
import type { Overload, WaitingRoom } from "./waiting_room.ts";
import { type Redial, WarmAttempt } from "./warm_attempt.ts";

/** A backend that was picked and answered: its slot and its socket. */
export interface Attempt {
  readonly lease: Lease;
  readonly server: Conn;
}

/** The way of one client connection to a backend. */
export class Dial implements Redial {
  readonly #route: TcpRoute;
  readonly #connecting: Connecting;
  readonly #key: number;
  #leave: (() => void) | undefined;
  #overload: Overload | undefined;
  #retries = 0;

  /**
   * @param key 32-bit hash of the affinity key
   * @param beginning how its connections begin
   */
  constructor(route: TcpRoute, key: number, beginning?: Beginning) {
    this.#route = route;
    this.#key = key;
    this.#connecting = new Connecting(route.thread, beginning);
  }

  get aborted(): boolean {
    return this.#connecting.aborted;
  }

  /**
   * Connects to the backend of the algorithm's choice, and to others when that fails. Nothing has
   * been sent yet, so trying again is always safe; no backend is tried twice.
   *
   * @param held a slot taken before, whose warm connection was dead: its backend is dialled first,
   * and no other warm connection is trusted; it is given back when that fails
   * @returns `undefined` when no backend is left to try, the attempts are used up, or it was aborted
   */
  async connect(held?: Lease): Promise<Attempt | undefined> {
    let tried: Set<Candidate> | undefined;
    for (let retries = 0; !this.aborted; retries++) {
      const isHeld = held !== undefined && retries === 0;
      const lease = isHeld ? held : await this.#acquire(tried);
      if (lease === undefined) return undefined;
      if (retries > 0) this.#countRetry();
      const warm = held === undefined ? this.#route.takeWarm?.(lease.backend) : undefined;
      if (warm !== undefined) return new WarmAttempt(warm, lease, this);
      const server = await this.#try(lease);
      if (server !== undefined) {
        // A held slot's backend has been counted.
        if (held !== undefined && lease !== held) this.#countConnection(lease);
        return { lease, server };
      }
      lease[Symbol.dispose]();
      if (retries === this.#route.retryAttempts) return undefined;
      tried ??= new Set();
      tried.add(lease.backend);
    }
    return undefined;
  }

  /** Breaks off; `connect` then has no result. */
  abort(): void {
    this.#connecting.abort();
    this.#leave?.();
  }

  /** Attempts after the first. */
  get retries(): number {
    return this.#retries;
  }

  /** Why there was no backend, if all had too much work. */
  get overload(): Overload | undefined {
    return this.#overload;
  }

  /** A slot that is free, or a wait for one while all backends are full. */
  #acquire(tried: ReadonlySet<Candidate> | undefined): MaybePromise<Lease | undefined> {
    const { upstream, room } = this.#route;
    const pick = () => upstream.acquire(this.#key, tried);
    const lease = room?.isBusy ? undefined : pick();
    if (lease !== undefined || room === undefined || !upstream.isFull(tried)) return lease;
    return this.#wait(room, pick);
  }

  async #wait(room: WaitingRoom, pick: () => Lease | undefined): Promise<Lease | undefined> {
    const { result, leave } = room.wait(pick);
    this.#leave = leave;
    const lease = await result;
    this.#leave = undefined;
    if (typeof lease === "string") {
      if (lease !== "left") this.#overload = lease;
      return undefined;
    }
    if (!this.aborted) return lease;
    lease[Symbol.dispose]();
    return undefined;
  }

  async #try(lease: Lease): Promise<Conn | undefined> {
    try {
      const { connectTimeoutMs } = this.#route;
      const server = await this.#connecting.open(lease.backend, connectTimeoutMs);
      lease.answered(true);
      return server;
    } catch (thrown) {
      if (!(thrown instanceof LbError)) throw thrown;
      const isOurs = this.aborted || thrown.side === "internal";
      lease.settle(isOurs ? { kind: "ignored" } : { kind: "failure", error: thrown });
      if (!this.aborted) logFailedConnect(this.#route.thread.log, lease, thrown);
      return undefined;
    }
  }

  #countRetry(): void {
    this.#retries++;
    this.#route.link.retried("connect");
  }

  #countConnection({ backend }: Lease): void {
    const { table, worker } = this.#route.thread;
    table.countBackend(worker, backend.index, "connections");
  }
}

/** Tells of one connection that could not be opened: for who is looking for it. */
export function logFailedConnect(log: Logger, lease: Lease, error: LbError): void {
  if (!log.enabled("debug")) return;
  log.write({
    level: "debug",
    message: "Backend could not be connected to",
    fields: { backend: lease.backend.id, reason: error.code, error: error.message },
  });
}
