import { type Address, formatAddress, type TcpAddress } from "../core/address.ts";
import { LbError, type LbErrorCode, messageOf } from "../core/errors.ts";
import type { TlsTerms } from "../core/server_certificate.ts";
import { TlsDialer } from "./backend_tls.ts";
import { TlsFailure } from "./backend_tls_failure.ts";
import { fromDeno, isFamilyMissing, isGone, systemCode } from "./deno_system.ts";
import { TlsAcceptor } from "./tls_acceptor.ts";
import { AcceptError, type Acceptor, type Conn, type MaybePromise } from "./transport.ts";
import type { ConnectOptions, Transport } from "./transport.ts";

/** The transport over `Deno.listen` and `Deno.connect`. */
export const denoTransport: Transport = { listen, connect };

function listen(address: Address, tls?: TlsTerms): Acceptor {
  if (tls !== undefined) return new TlsAcceptor(address, tls, BACKLOG);
  if (address.kind === "unix") {
    return new DenoAcceptor(Deno.listen({ transport: "unix", path: address.path }));
  }
  try {
    return new DenoAcceptor(Deno.listen(tcpListenOptions(address)));
  } catch (error) {
    // "::" asks for both families; a machine without IPv6 still has the other one.
    if (address.hostname !== "::" || !isFamilyMissing(error)) throw error;
    return new DenoAcceptor(Deno.listen(tcpListenOptions({ ...address, hostname: "0.0.0.0" })));
  }
}

/** `loadBalanced` is how `deno serve --parallel` shares one accept queue between threads; untyped. */
function tcpListenOptions(address: TcpAddress): Deno.TcpListenOptions & { loadBalanced: boolean } {
  const { hostname, port } = address;
  return { hostname, port, tcpBacklog: BACKLOG, loadBalanced: true };
}

/** Connections the kernel holds for us; it caps this at net.core.somaxconn (4096 by default). */
const BACKLOG = 4096;

async function connect(
  address: Address,
  signal: AbortSignal,
  options?: ConnectOptions,
): Promise<Conn> {
  try {
    return new DenoConn(await dial(address, signal, options));
  } catch (error) {
    const code = signal.aborted ? "connect_timeout" : codeOf(error);
    const isHung = signal.aborted && !(error instanceof TlsFailure);
    const reason = isHung ? "no answer in time" : messageOf(error);
    throw new LbError(code, `Cannot connect to "${formatAddress(address)}": ${reason}`, {
      side: code === "out_of_sockets" ? "internal" : "upstream",
      cause: error,
    });
  }
}

/** A connection within this machine. */
export interface Loopback {
  readonly conn: Conn;
  /** Port that the other end sees. */
  readonly localPort: number;
}

/** Connects to a port of 127.0.0.1. @throws {Error} of the system */
export async function connectLoopback(port: number): Promise<Loopback> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  return { conn: new DenoConn(conn), localPort: conn.localAddr.port };
}

async function dial(
  address: Address,
  signal: AbortSignal,
  { preface, tls }: ConnectOptions = {},
): Promise<Deno.Conn> {
  if (address.kind === "unix") return await dialUnix(address.path, signal, preface);
  if (tls?.identity !== undefined) {
    return withoutDelay(await tlsDialer.connect({ tls, address, signal }));
  }
  const { hostname, port } = address;
  const conn = withoutDelay(await Deno.connect({ hostname, port, signal }));
  if (preface !== undefined) await writePreface(conn, preface, signal);
  return tls === undefined ? conn : await tlsDialer.start(conn, { tls, address, signal });
}

/** The thread's, as the transport is. */
const tlsDialer = new TlsDialer();

async function dialUnix(
  path: string,
  signal: AbortSignal,
  preface: Uint8Array | undefined,
): Promise<Deno.Conn> {
  const conn = await Deno.connect({ transport: "unix", path });
  if (signal.aborted) {
    conn.close();
    throw signal.reason;
  }
  if (preface !== undefined) await writePreface(conn, preface, signal);
  return conn;
}

/** Closes the connection when it cannot all be written in time. */
async function writePreface(conn: Deno.Conn, bytes: Uint8Array, signal: AbortSignal) {
  const close = () => conn[Symbol.dispose]();
  signal.addEventListener("abort", close);
  try {
    for (let done = 0; done < bytes.length;) done += await conn.write(bytes.subarray(done));
    signal.throwIfAborted();
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/** A proxy writes what it has at once; waiting to fill a segment would only add delay. */
function withoutDelay<C extends Deno.Conn>(conn: C): C {
  try {
    if (isTcp(conn)) conn.setNoDelay(true);
  } catch {
    // Reset by its peer already; the first read will say so and close it.
  }
  return conn;
}

function isTcp(conn: Deno.Conn): conn is Deno.TcpConn {
  return "setNoDelay" in conn;
}

function codeOf(error: unknown): LbErrorCode {
  if (error instanceof TlsFailure) return "tls_failed";
  if (error instanceof Deno.errors.ConnectionRefused) return "connect_refused";
  return OUT_OF_SOCKETS.has(systemCode(error)) ? "out_of_sockets" : "connect_failed";
}

/** No descriptor left in the process or the system, or no local port to connect from. */
const OUT_OF_SOCKETS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL"]);

class DenoAcceptor implements Acceptor {
  readonly #listener: Deno.Listener<Deno.Conn>;
  #closed = false;

  constructor(listener: Deno.Listener<Deno.Conn>) {
    this.#listener = listener;
  }

  async accept(): Promise<Conn | undefined> {
    for (;;) {
      try {
        return new DenoConn(withoutDelay(await this.#listener.accept()));
      } catch (error) {
        if (this.#closed) return undefined;
        // That one is over before it began; who waits behind it must not be made to wait longer.
        if (!isGone(error)) throw new AcceptError(messageOf(error), { cause: error });
      }
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }
}

class DenoConn implements Conn {
  readonly #conn: Deno.Conn;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  get remote(): Address | undefined {
    return fromDeno(this.#conn.remoteAddr);
  }

  get local(): Address | undefined {
    return fromDeno(this.#conn.localAddr);
  }

  read(into: Uint8Array): MaybePromise<number | null> {
    return this.#conn.read(into);
  }

  write(bytes: Uint8Array): MaybePromise<number> {
    return this.#conn.write(bytes);
  }

  closeWrite(): MaybePromise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    // Disposing is closing that does not mind being done twice.
    this.#conn[Symbol.dispose]();
  }
}
