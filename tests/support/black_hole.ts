import { randomLoopback } from "./free_port.ts";

/** A listener that never accepts and whose queue is full: the kernel drops every further SYN. */
export class BlackHole implements Disposable {
  readonly address: string;
  readonly #listener: Deno.TcpListener;
  readonly #queued: Deno.Conn[] = [];

  private constructor() {
    const hostname = randomLoopback();
    this.#listener = Deno.listen({ hostname, port: 0, tcpBacklog: 1 });
    this.address = `${hostname}:${this.#listener.addr.port}`;
  }

  static async open(): Promise<BlackHole> {
    using stack = new DisposableStack();
    const hole = stack.use(new BlackHole());
    await hole.#fill();
    stack.move();
    return hole;
  }

  [Symbol.dispose](): void {
    for (const conn of this.#queued) conn.close();
    this.#listener.close();
  }

  async #fill(): Promise<void> {
    const { hostname, port } = this.#listener.addr;
    for (let tries = 0; tries < 20; tries++) {
      try {
        this.#queued.push(
          await Deno.connect({ hostname, port, signal: AbortSignal.timeout(PATIENCE_MS) }),
        );
      } catch {
        return;
      }
    }
    throw new Error("Cannot fill the queue: twenty connections were taken");
  }
}

/** A connection over loopback takes well under a millisecond. */
const PATIENCE_MS = 400;
