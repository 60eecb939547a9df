import type { Address } from "../core/address.ts";
import type { Backend, Lease, Outcome } from "../core/types.ts";
import type { Conn, MaybePromise } from "../net/transport.ts";
import type { Attempt } from "./attempt.ts";

/** Where another connection comes from. */
export interface Redial {
  /** A new connection, to the backend of `lease` or, when that fails, to another. */
  connect(lease: Lease): Promise<Attempt | undefined>;
  /** Breaks off; `connect` then has no result. */
  abort(): void;
}

/**
 * One client's use of a connection that was opened before it came. Such a connection may have died
 * unseen. As long as no byte has moved on it, nothing is lost by taking a new one: then connection
 * and lease both change, which is why this is both. After that it is a connection like any other.
 */
export class WarmAttempt implements Conn, Lease, Attempt {
  readonly #redial: Redial;
  #server: Conn;
  #lease: Lease;
  /** The backend has sent something, or the connection is a new one. */
  #isProven = false;
  /** The first thing done to the sending side. */
  #firstSend: MaybePromise<unknown> | undefined;
  #replacement: Promise<boolean> | undefined;
  #isClosed = false;

  constructor(server: Conn, lease: Lease, redial: Redial) {
    this.#server = server;
    this.#lease = lease;
    this.#redial = redial;
  }

  get server(): Conn {
    return this;
  }

  get lease(): Lease {
    return this;
  }

  get backend(): Backend {
    return this.#lease.backend;
  }

  get remote(): Address | undefined {
    return this.#server.remote;
  }

  read(into: Uint8Array): MaybePromise<number | null> {
    return this.#isProven ? this.#server.read(into) : this.#readFirst(into);
  }

  write(bytes: Uint8Array): MaybePromise<number> {
    if (this.#isProven) return this.#server.write(bytes);
    return this.#send((server) => server.write(bytes));
  }

  closeWrite(): MaybePromise<void> {
    if (this.#isProven) return this.#server.closeWrite();
    return this.#send((server) => server.closeWrite());
  }

  close(): void {
    this.#isClosed = true;
    this.#server.close();
    if (this.#replacement !== undefined) this.#redial.abort();
  }

  toServer(bytes: number): void {
    this.#lease.toServer(bytes);
  }

  toClient(bytes: number): void {
    this.#lease.toClient(bytes);
  }

  answered(passed: boolean, status?: number): void {
    this.#lease.answered(passed, status);
  }

  /** That an idle connection broke before the backend said anything is not its failure. */
  settle(outcome: Outcome): void {
    const isUnblamed = outcome.kind === "failure" && !this.#isProven;
    this.#lease.settle(isUnblamed ? { kind: "ignored" } : outcome);
  }

  [Symbol.dispose](): void {
    this.#lease[Symbol.dispose]();
  }

  async #readFirst(into: Uint8Array): Promise<number | null> {
    try {
      const length = await this.#server.read(into);
      this.#isProven ||= length !== null;
      if (length !== null || !(await this.#replace())) return length;
    } catch (error) {
      if (!(await this.#replace())) throw error;
    }
    return await this.#server.read(into);
  }

  async #send<T>(action: (server: Conn) => MaybePromise<T>): Promise<T> {
    // No await before the first of them: it must not begin on a connection that is being replaced.
    if (this.#replacement !== undefined) await this.#replacement;
    else if (this.#firstSend === undefined) return await this.#sendFirst(action);
    return await action(this.#server);
  }

  async #sendFirst<T>(action: (server: Conn) => MaybePromise<T>): Promise<T> {
    const sent = action(this.#server);
    this.#firstSend = sent;
    try {
      return await sent;
    } catch (error) {
      if (!(await this.#replace())) throw error;
      return await action(this.#server);
    }
  }

  /** @returns whether there is a new connection now. @throws {Error} when none could be had */
  #replace(): Promise<boolean> {
    return this.#replacement ??= this.#replaceOnce();
  }

  async #replaceOnce(): Promise<boolean> {
    if (this.#isClosed || this.#isProven) return false;
    if (this.#firstSend !== undefined && await hasSucceeded(this.#firstSend)) return false;
    this.#server.close();
    const attempt = await this.#redial.connect(this.#lease);
    if (attempt === undefined) throw new Error("Cannot replace dead connection: no backend left");
    this.#lease = attempt.lease;
    this.#server = attempt.server;
    this.#isProven = true;
    if (this.#isClosed) this.#server.close();
    return true;
  }
}

/** A write that fails has sent nothing. */
async function hasSucceeded(sent: MaybePromise<unknown>): Promise<boolean> {
  try {
    await sent;
    return true;
  } catch {
    return false;
  }
}
