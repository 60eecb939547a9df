import { type Address, formatAddress, type TcpAddress } from "../core/address.ts";
import { LbError, type LbErrorCode, messageOf } from "../core/errors.ts";
import { AcceptError, type Acceptor, type Conn, type MaybePromise } from "./transport.ts";
import type { Transport } from "./transport.ts";

/** The transport over `Deno.listen` and `Deno.connect`. */
export const denoTransport: Transport = { listen, connect };

function listen(address: Address): Acceptor {
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

async function connect(address: Address, signal: AbortSignal): Promise<Conn> {
  try {
    return new DenoConn(await dial(address, signal));
  } catch (error) {
    const code = signal.aborted ? "connect_timeout" : codeOf(error);
    const reason = signal.aborted ? "no answer in time" : messageOf(error);
    throw new LbError(code, `Cannot connect to "${formatAddress(address)}": ${reason}`, {
      side: code === "out_of_sockets" ? "internal" : "upstream",
      cause: error,
    });
  }
}

async function dial(address: Address, signal: AbortSignal): Promise<Deno.Conn> {
  if (address.kind === "tcp") {
    const { hostname, port } = address;
    return withoutDelay(await Deno.connect({ hostname, port, signal }));
  }
  const conn = await Deno.connect({ transport: "unix", path: address.path });
  if (!signal.aborted) return conn;
  conn.close();
  throw signal.reason;
}

/** A proxy writes what it has at once; waiting to fill a segment would only add delay. */
function withoutDelay(conn: Deno.Conn): Deno.Conn {
  if (conn.remoteAddr.transport !== "tcp") return conn;
  try {
    (conn as Deno.TcpConn).setNoDelay(true);
  } catch {
    // Reset by its peer already; the first read will say so and close it.
  }
  return conn;
}

function codeOf(error: unknown): LbErrorCode {
  if (error instanceof Deno.errors.ConnectionRefused) return "connect_refused";
  return OUT_OF_SOCKETS.has(systemCode(error)) ? "out_of_sockets" : "connect_failed";
}

/** No descriptor left in the process or the system, or no local port to connect from. */
const OUT_OF_SOCKETS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL"]);

/** The system's name of an error, such as `EMFILE`; empty when it has none. */
function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** True for the error of listening on IPv6 where the machine has none. */
export function isFamilyMissing(error: unknown): boolean {
  return error instanceof Deno.errors.AddrNotAvailable || systemCode(error) === "EAFNOSUPPORT";
}

/** The client reset its connection while it waited to be accepted. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

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

function fromDeno(address: Deno.Addr): Address | undefined {
  if ("hostname" in address) {
    // A dual-stack listener sees IPv4 clients as mapped addresses (RFC 4291 section 2.5.5.2).
    const hostname = address.hostname.replace(/^::ffff:(?=\d+\.)/, "");
    return { kind: "tcp", hostname, port: address.port };
  }
  return "path" in address && address.path ? { kind: "unix", path: address.path } : undefined;
}
