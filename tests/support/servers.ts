import { randomLoopback } from "./free_port.ts";
import { pause } from "./wait.ts";

/** What a server does with one connection, which is closed afterwards. */
export type Serve = (conn: Deno.Conn, disposed: Promise<void>) => Promise<void>;

/** Where a server listens; a free loopback address unless set. */
export interface Place {
  /** IP address; the port is free. */
  readonly hostname?: string;
  /** An address to come back to. */
  readonly port?: number;
  /** Path of a Unix socket instead. */
  readonly path?: string;
}

/** A backend inside the test. */
export class TestServer implements AsyncDisposable {
  /** As it stands in a configuration. */
  readonly address: string;
  readonly #listener: Deno.Listener;
  readonly #serve: Serve;
  readonly #open = new Set<Deno.Conn>();
  readonly #running = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  readonly #disposed = Promise.withResolvers<void>();
  #accepted = 0;

  constructor(serve: Serve, { hostname = randomLoopback(), port = 0, path }: Place = {}) {
    this.#serve = serve;
    if (path !== undefined) {
      this.#listener = Deno.listen({ transport: "unix", path });
      this.address = `unix:${path}`;
    } else {
      const listener = Deno.listen({ hostname, port });
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      this.#listener = listener;
      this.address = `${host}:${listener.addr.port}`;
    }
    this.#accepting = this.#accept();
  }

  /** Connections accepted so far, those of health checks too. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#open.size;
  }

  /** Closes the listener and every connection, and waits for the ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    this.#disposed.resolve();
    for (const conn of this.#open) this.#end(conn);
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    for (;;) {
      const conn = await this.#next();
      if (conn === undefined) return;
      this.#accepted++;
      this.#open.add(conn);
      const run = this.#run(conn);
      this.#running.add(run);
      void run.then(() => this.#running.delete(run));
    }
  }

  /** The next connection, or `undefined` once closed. */
  async #next(): Promise<Deno.Conn | undefined> {
    for (;;) {
      try {
        return await this.#listener.accept();
      } catch (error) {
        // A client that resets before its turn has no address any more; the next one may.
        if (!(error instanceof Deno.errors.NotConnected)) return undefined;
      }
    }
  }

  async #run(conn: Deno.Conn): Promise<void> {
    try {
      await this.#serve(conn, this.#disposed.promise);
    } catch {
      // The client went away, or the test is over: what was lost shows on the client's side.
    } finally {
      this.#end(conn);
    }
  }

  #end(conn: Deno.Conn): void {
    if (this.#open.delete(conn)) conn.close();
  }
}

/** Sends back what comes, and ends when the client has ended. */
export function echo(place?: Place): TestServer {
  return new TestServer(async (conn) => {
    await eachChunk(conn, (chunk) => writeAll(conn, chunk));
    await conn.closeWrite();
  }, place);
}

/** Says its name and closes. */
export function nameServer(name: string, place?: Place): TestServer {
  return new TestServer((conn) => writeAll(conn, encode(name)), place);
}

/** Says its name, and ends when the client has ended. */
export function nameKeeper(name: string, place?: Place): TestServer {
  return new TestServer(async (conn) => {
    await writeAll(conn, encode(name));
    await eachChunk(conn, () => Promise.resolve());
  }, place);
}

/** Reads to the end of input, and only then answers. */
export function answerAtEnd(answer: (question: string) => string, place?: Place): TestServer {
  return new TestServer(async (conn) => {
    const decoder = new TextDecoder();
    let question = "";
    await eachChunk(conn, (chunk) => {
      question += decoder.decode(chunk, { stream: true });
      return Promise.resolve();
    });
    await writeAll(conn, encode(answer(question)));
  }, place);
}

/** Accepts, and never says or reads anything. */
export function silent(place?: Place): TestServer {
  return new TestServer((_conn, disposed) => disposed, place);
}

/** Reads one byte and closes with the others unread, which makes the kernel send RST. */
export function resetting(place?: Place): TestServer {
  return new TestServer(async (conn) => {
    await conn.read(new Uint8Array(1));
  }, place);
}

/** Waits for the first bytes, then answers one byte at a time. */
export function dripping(answer: string, place?: Place): TestServer {
  return new TestServer(async (conn) => {
    await conn.read(new Uint8Array(1024));
    if (conn.remoteAddr.transport === "tcp") (conn as Deno.TcpConn).setNoDelay(true);
    for (const byte of encode(answer)) {
      await writeAll(conn, Uint8Array.of(byte));
      await pause(1);
    }
  }, place);
}

/** Hands each chunk on, until the end of input. The chunk is valid until `use` resolves. */
export async function eachChunk(
  conn: Deno.Conn,
  use: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let length = await conn.read(buffer); length !== null; length = await conn.read(buffer)) {
    await use(buffer.subarray(0, length));
  }
}

/** Writes everything, however often that takes. */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await conn.write(bytes.subarray(done));
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Small, because the tests keep thousands of connections open. */
const BUFFER_BYTES = 4096;
