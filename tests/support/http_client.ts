import { connectTo } from "./clients.ts";
import { type End, type Message, toBytes, Wire } from "./http_wire.ts";
import { within } from "./wait.ts";

/** A client that sends what it is told, and reads answers. */
export class HttpClient implements Disposable {
  readonly wire: Wire;
  readonly #conn: Deno.Conn;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.wire = new Wire(conn);
  }

  static async connect(address: string): Promise<HttpClient> {
    return new HttpClient(await connectTo(address));
  }

  /** Sends a request and reads its answer. */
  async ask(request: string): Promise<Message> {
    await this.send(request);
    const [method] = request.split(" ", 1);
    return await this.read(method);
  }

  async send(text: string): Promise<void> {
    await this.wire.send(text);
  }

  /** Sends a byte at a time, as long as somebody takes them. */
  async sendSlowly(text: string): Promise<void> {
    const { conn } = this.wire;
    if (conn.remoteAddr.transport === "tcp") (conn as Deno.TcpConn).setNoDelay(true);
    try {
      for (const byte of toBytes(text)) {
        await within("a write", conn.write(Uint8Array.of(byte)));
      }
    } catch (error) {
      const isGone = error instanceof Deno.errors.BrokenPipe ||
        error instanceof Deno.errors.ConnectionReset;
      if (!isGone) throw error;
    }
  }

  /** The next answer. */
  async read(method?: string): Promise<Message> {
    return await this.wire.readAnswer(method);
  }

  /** Waits until Weir closes the connection; what still comes is in `wire.received`. */
  async end(): Promise<End> {
    return await this.wire.end();
  }

  /** Once it is closed nothing happens. */
  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // The test closed it.
    }
  }
}

/** One request over a connection of its own, which is closed after the answer. */
export async function askOnce(address: string, request: string): Promise<Message> {
  using client = await HttpClient.connect(address);
  return await client.ask(request);
}
