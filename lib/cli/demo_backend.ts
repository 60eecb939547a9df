const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A small server for the demonstration: answers HTTP, and echoes anything else line by line. */
export class DemoBackend implements Disposable {
  readonly name: string;
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.Conn>();

  /** Listens on a free loopback port. */
  constructor(name: string) {
    this.name = name;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    // Ends when the listener is closed.
    void this.#accept();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.#open) conn.close();
  }

  async #accept(): Promise<void> {
    for (let conn = await this.#next(); conn !== undefined; conn = await this.#next()) {
      void this.#serve(conn);
    }
  }

  /** The next connection, or `undefined` once closed. */
  async #next(): Promise<Deno.Conn | undefined> {
    for (;;) {
      try {
        return await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return undefined;
        // A client that reset while it waited, or no file descriptor left: the next may do better.
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    this.#open.add(conn);
    try {
      await this.#converse(conn);
    } catch {
      // The client went away: that is the end of the conversation.
    } finally {
      if (this.#open.delete(conn)) conn.close();
    }
  }

  async #converse(conn: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(4096);
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      const text = decoder.decode(buffer.subarray(0, n));
      if (/^[A-Z]+ \S+ HTTP\/1\.[01]\r\n/.test(text)) return await this.#answer(conn);
      await conn.write(encoder.encode(`${this.name}: ${text}`));
    }
  }

  async #answer(conn: Deno.Conn): Promise<void> {
    const body = `Hello from ${this.name}\n`;
    await conn.write(encoder.encode(
      `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n` +
        `connection: close\r\n\r\n${body}`,
    ));
  }
}

const ACCEPT_PAUSE_MS = 20;
