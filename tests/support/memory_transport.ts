import { type Address, formatAddress } from "../../lib/core/address.ts";
import { LbError } from "../../lib/core/errors.ts";
import { AcceptError, type Acceptor, type Conn, type Transport } from "../../lib/net/transport.ts";
import { MemoryConn, memoryPair } from "./memory_conn.ts";

/** A network in memory. Addresses that nobody listens on refuse. */
export class MemoryTransport implements Transport {
  /** Every address dialled, in order. */
  readonly dialled: string[] = [];
  readonly #listening = new Map<string, MemoryAcceptor>();
  readonly #silent = new Set<string>();

  listen(address: Address): MemoryAcceptor {
    const name = formatAddress(address);
    if (this.#listening.has(name)) throw new Error("Address already in use");
    const acceptor = new MemoryAcceptor(() => this.#listening.delete(name));
    this.#listening.set(name, acceptor);
    return acceptor;
  }

  isListening(address: Address): boolean {
    return this.#listening.has(formatAddress(address));
  }

  /** Lets connections to that address hang until they are given up. */
  silence(address: Address): void {
    this.#silent.add(formatAddress(address));
  }

  async connect(address: Address, signal: AbortSignal): Promise<MemoryConn> {
    const name = formatAddress(address);
    this.dialled.push(name);
    // A real connection is never there at once.
    await Promise.resolve();
    if (this.#silent.has(name)) await aborted(signal);
    if (signal.aborted) throw refusal("connect_timeout", name);
    const acceptor = this.#listening.get(name);
    if (acceptor === undefined) throw refusal("connect_refused", name);
    return acceptor.connect();
  }
}

/** One listening socket of a {@linkcode MemoryTransport}. */
export class MemoryAcceptor implements Acceptor {
  disposals = 0;
  readonly #onClose: () => void;
  readonly #queue: (MemoryConn | AcceptError)[] = [];
  #waiting: (() => void) | undefined;

  constructor(onClose: () => void = () => {}) {
    this.#onClose = onClose;
  }

  /** The client's end of a new connection. */
  connect(): MemoryConn {
    const [client, server] = memoryPair({ remote: CLIENT });
    this.#push(server);
    return client;
  }

  /** Makes one `accept` fail. */
  fail(message: string): void {
    this.#push(new AcceptError(message));
  }

  async accept(): Promise<Conn | undefined> {
    while (this.#queue.length === 0 && this.disposals === 0) {
      await new Promise<void>((resolve) => this.#waiting = resolve);
    }
    if (this.disposals > 0) return undefined;
    const next = this.#queue.shift();
    if (next instanceof AcceptError) throw next;
    return next;
  }

  /** The server's end of the next connection, to be played by the test. */
  async take(): Promise<MemoryConn> {
    const conn = await this.accept();
    if (!(conn instanceof MemoryConn)) throw new Error("Cannot take connection: socket is closed");
    return conn;
  }

  [Symbol.dispose](): void {
    this.disposals++;
    this.#onClose();
    this.#waiting?.();
  }

  #push(item: MemoryConn | AcceptError): void {
    this.#queue.push(item);
    this.#waiting?.();
  }
}

const CLIENT: Address = { kind: "tcp", hostname: "192.0.2.7", port: 50_000 };

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

function refusal(code: "connect_refused" | "connect_timeout", name: string): LbError {
  return new LbError(code, `Cannot connect to "${name}"`, { side: "upstream" });
}
