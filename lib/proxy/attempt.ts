import { LbError, messageOf } from "../core/errors.ts";
import type { Candidate, Lease } from "../core/types.ts";
import { WheelTimer } from "../ds/timer_wheel.ts";
import type { Conn } from "../net/transport.ts";
import type { TcpRoute } from "./tcp_route.ts";

/** A backend that was picked and answered: its slot and its socket. */
export interface Attempt {
  readonly lease: Lease;
  readonly server: Conn;
}

/** The way of one client connection to a backend. */
export class Dial {
  readonly #route: TcpRoute;
  #deadline: AbortController | undefined;
  #aborted = false;

  constructor(route: TcpRoute) {
    this.#route = route;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  /**
   * Connects to the backend of the algorithm's choice, and to others when that fails. Nothing has
   * been sent yet, so trying again is always safe; no backend is tried twice.
   *
   * @returns `undefined` when no backend is left to try, the attempts are used up, or it was aborted
   */
  async connect(): Promise<Attempt | undefined> {
    let tried: Set<Candidate> | undefined;
    for (let retries = 0; !this.#aborted; retries++) {
      const lease = this.#route.upstream.acquire(0, tried);
      if (lease === undefined) return undefined;
      if (retries > 0) this.#countRetry();
      const server = await this.#try(lease);
      if (server !== undefined) return { lease, server };
      lease[Symbol.dispose]();
      if (retries === this.#route.retryAttempts) return undefined;
      tried ??= new Set();
      tried.add(lease.backend);
    }
    return undefined;
  }

  /** Breaks off; `connect` then has no result. */
  abort(): void {
    this.#aborted = true;
    this.#deadline?.abort();
  }

  async #try(lease: Lease): Promise<Conn | undefined> {
    const { thread, connectTimeoutMs } = this.#route;
    const deadline = thread.aborters.take();
    const timer = new WheelTimer(() => deadline.abort());
    this.#deadline = deadline;
    thread.timeouts.schedule(timer, connectTimeoutMs);
    try {
      return await thread.transport.connect(lease.backend.spec.address, deadline.signal);
    } catch (thrown) {
      this.#fail(lease, thrown);
      return undefined;
    } finally {
      thread.timeouts.cancel(timer);
      this.#deadline = undefined;
      thread.aborters.give(deadline);
    }
  }

  #fail(lease: Lease, thrown: unknown): void {
    // Broken off by Weir itself: that says nothing about the backend.
    if (this.#aborted) return lease.settle({ kind: "ignored" });
    const error = thrown instanceof LbError
      ? thrown
      : new LbError("connect_failed", messageOf(thrown), { side: "upstream", cause: thrown });
    lease.settle(error.side === "internal" ? { kind: "ignored" } : { kind: "failure", error });
    const { thread, upstream } = this.#route;
    if (!thread.log.enabled("debug")) return;
    thread.log.write({
      level: "debug",
      message: "Backend could not be connected to",
      fields: {
        upstream: upstream.name,
        backend: lease.backend.id,
        reason: error.code,
        error: error.message,
      },
    });
  }

  #countRetry(): void {
    const { table, worker } = this.#route.thread;
    table.countListener(worker, this.#route.index, "retries");
  }
}
